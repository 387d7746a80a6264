import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { cleanUp } from '../src/execute/clean-up.ts';
import { execute } from '../src/execute/execute.ts';
import { Site } from '../src/execute/site.ts';
import { openDeployment } from '../src/load/deployment.ts';
import { readPasswords } from '../src/load/passwords.ts';
import type { KollageEvent } from '../src/model/event.ts';
import type { Change, Plan } from '../src/model/plan.ts';
import type { Desired } from '../src/model/resource.ts';
import { destroy } from '../src/operate/destroy.ts';
import { engineFor } from '../src/operate/engine-of.ts';
import { initDeployment } from '../src/operate/init.ts';
import { prepare } from '../src/operate/prepare.ts';
import { buildGraph } from '../src/plan/graph/build.ts';
import { makePlan } from '../src/plan/plan.ts';
import { graphKeyOf } from '../src/plan/side.ts';
import { makeTimeline, type Timeline } from '../src/plan/timeline/timeline.ts';
import { Meter } from './up/meter.ts';
import { type Run, tables } from './up/tables.ts';

/*
 * What bringing up costs: `npm run bench:up -- [--profile identity] [--release 2025.1] [--one-by-one]`. Brings a deployment up from nothing on
 * this host's Docker, and takes it away again. With --one-by-one it does so a second time, and begins each container only when the one
 * before it is healthy or done. The images must be there; so must the ports be free.
 */

const { values: options } = parseArgs({
  options: {
    profile: { type: 'string', default: 'all-in-one' },
    release: { type: 'string', default: '2025.1' },
    'one-by-one': { type: 'boolean', default: false },
  },
});

const home = mkdtempSync(join(tmpdir(), 'kollage-bench-'));
process.env['KOLLAGE_STATE'] = join(home, 'state');
const folder = join(home, 'bench');
const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
try {
  await initDeployment({ folder, profile: options.profile, release: options.release });
  const { desired, plan } = await planned();
  const all = await measured([{ plan, desired, settle: false }]);
  const single = options['one-by-one'] ? await measured(oneByOne(desired, plan, all.timeline)) : undefined;
  process.stdout.write(tables(all, single));
} finally {
  rmSync(home, { recursive: true, force: true });
}

/** What `up` would do from nothing, and with what. */
async function planned() {
  const { deployment, desired } = await prepare(folder);
  const engine = engineFor(deployment.engine);
  const observed = await engine.observe(deployment.name, desired);
  const { values } = await readPasswords(openDeployment(folder));
  const secret = (name: string) => values.get(name)?.reveal();
  return { desired, engine, secret, plan: makePlan({ desired, last: null, observed }) };
}

type Part = Pick<Parameters<typeof execute>[0], 'plan' | 'desired' | 'settle'>;

/** Carries out parts one after the other; what was made is taken away again. */
async function measured(parts: readonly Part[]): Promise<Run> {
  const meter = new Meter();
  const { desired, engine, secret, plan } = await planned();
  const events: KollageEvent[] = [];
  const emit = (event: KollageEvent) => events.push(event);
  const { deployment } = desired;
  emit({ at: Date.now(), type: 'run-started', run: '', deployment, changes: plan.changes.length });
  try {
    for (const part of parts) await execute({ ...part, engine, secret, emit, signal: stop.signal });
    emit({ at: Date.now(), type: 'run-ended', run: '', outcome: 'done' });
    const { containers, machine, own } = meter.stop();
    const keys = keysOf(deployment);
    const used = [...containers].flatMap(([id, use]) => {
      const key = keys.get(id);
      return key === undefined ? [] : [[key, use] as const];
    });
    const others = [...containers].reduce((sum, [id, { cpu }]) => (keys.has(id) ? sum : sum + cpu), 0);
    return { used: new Map(used), machine, own, others, timeline: makeTimeline(events, desired) };
  } finally {
    meter.stop();
    for (const event of events)
      if (event.type === 'change-failed') process.stderr.write(`${JSON.stringify(event)}\n`);
    await takeAway({ engine, desired, secret, emit, signal: new AbortController().signal });
  }
}

/** Takes it away with what its workloads made on this host, as `kollage destroy` does of a revision; there is none of this one. */
async function takeAway(work: ConstructorParameters<typeof Site>[0]): Promise<void> {
  const site = new Site(work);
  for (const left of await cleanUp(site)) process.stderr.write(`${left}\n`);
  await site.close();
  await destroy(folder, { data: false });
}

/**
 * The plan in parts of one container each, in an order in which each meets what it needs: that of the run all at once, workloads by the start
 * of their process, tasks by their end; last those that were done without being run, which nobody waits for. What was needed comes first in any
 * case: the run hears of a task's end a moment after those who waited for it. Each is asked itself whether it is healthy; what the platform says of it
 * (`ready`) needs others that come later, and all of that is asked in the last part.
 */
function oneByOne(desired: Desired, plan: Plan, { processes }: Timeline): Part[] {
  const times = new Map(
    processes.map(({ id, kind, started, ended }) => {
      const time = started === null ? Number.MAX_VALUE : kind === 'task' ? ended : started;
      return [`${kind}:${id}`, time];
    }),
  );
  const time = ({ key }: Change) => times.get(key) ?? -1;
  const changes = plan.changes.toSorted((a, b) => time(a) - time(b));
  const { edges } = buildGraph(desired);
  const ordered = new Set<Change>();
  const seen = new Set<Change>();
  const visit = (change: Change) => {
    if (seen.has(change)) return;
    seen.add(change);
    const needed = new Set(edges.filter(({ to }) => to === graphKeyOf(change.key)).map(({ from }) => from));
    for (const other of changes) if (needed.has(graphKeyOf(other.key))) visit(other);
    ordered.add(change);
  };
  changes.forEach(visit);
  const resources = desired.resources.map((one) => (one.kind === 'workload' ? { ...one, ready: [] } : one));
  const alone = { desired: { ...desired, resources }, settle: false };
  const parts = [...ordered].map((change): Part => ({ ...alone, plan: { ...plan, changes: [change] } }));
  return [...parts, { plan: { ...plan, changes: [] }, desired, settle: true }];
}

/** What a deployment's containers are, by their ids: task:nova/db-sync. */
function keysOf(deployment: string): Map<string, string> {
  const filter = ['--filter', `label=io.kollage.deployment=${deployment}`];
  const format = ['--no-trunc', '--format', '{{.ID}} {{.Label "io.kollage.key"}}'];
  const lines = execFileSync('docker', ['ps', '-a', ...filter, ...format], { encoding: 'utf8' }).trim();
  return new Map(
    lines
      .split('\n')
      .map((line) => line.split(' '))
      .map(([id = '', key = '']) => [id, key]),
  );
}
