import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { openDeployment } from '../../src/load/deployment.ts';
import { readPasswords } from '../../src/load/passwords.ts';
import { destroy } from '../../src/operate/destroy.ts';
import { type HealEvent, heal } from '../../src/operate/heal/heal.ts';
import { openWard } from '../../src/operate/heal/ward.ts';
import { ensureSecrets } from '../../src/operate/secrets.ts';
import { status } from '../../src/operate/status.ts';
import { up } from '../../src/operate/up.ts';
import { allWays, harm, running, type Way } from './harm.ts';
import { User } from './load.ts';

/*
 * `npm run chaos -- [--minutes 10] [--every 20] [--address 127.0.0.31] [--verbose]`: the identity and image part of OpenStack under load, watched over as by `kollage serve`, while
 * something befalls one of its containers every few seconds. Ends well when all is healthy again, nothing was given up, and everything that a
 * server said yes to is there. On an address of its own it disturbs nobody.
 */

const { values: options } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    every: { type: 'string', default: '20' },
    address: { type: 'string', default: '127.0.0.31' },
    verbose: { type: 'boolean', default: false },
  },
});
const name = 'kollage-chaos';
const home = mkdtempSync(join(tmpdir(), `${name}-`));
process.env['KOLLAGE_STATE'] = join(home, 'state');
const folder = join(home, name);
const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());

try {
  await bringUp();
  const good = await storm();
  process.exitCode = good ? 0 : 1;
} finally {
  await destroy(folder, { data: false });
  rmSync(home, { recursive: true, force: true });
}

async function bringUp(): Promise<void> {
  mkdirSync(folder);
  writeFileSync(
    join(folder, 'kollage.yaml'),
    `name: ${name}
profile: identity
address: ${options.address}
services:
  # The broker's programs find each other on the node, wherever it listens.
  rabbitmq: { options: { cluster_port: 26673 } }
  glance: true
  placement: true
`,
  );
  writeFileSync(join(folder, 'passwords.yml'), '');
  await ensureSecrets(folder);
  const nothing = () => undefined;
  await up({ folder, emit: nothing, planned: nothing, signal: stop.signal });
}

/** Gives whether everything recovered and nothing is lost. */
async function storm(): Promise<boolean> {
  const { values } = await readPasswords(openDeployment(folder));
  const password = values.get('keystone_admin_password')?.reveal() ?? '';
  const cloud = {
    keystone: `http://${options.address}:5000/v3`,
    glance: `http://${options.address}:9292`,
    password,
  };
  const users = [1, 2, 3].map((number) => new User(cloud, `chaos-${number}`));
  const events: HealEvent[] = [];
  const watch = new AbortController();
  const ward = await openWard({ folder, every: 2000, signal: watch.signal });
  const emit = (event: HealEvent) => {
    events.push(event);
    if (options.verbose) process.stdout.write(`${JSON.stringify(event)}\n`);
  };
  const watching = heal({
    ward,
    emit,
    signal: watch.signal,
    now: Date.now,
  }).finally(() => ward[Symbol.asyncDispose]());
  const calm = AbortSignal.any([stop.signal, AbortSignal.timeout(Number(options.minutes) * 60_000)]);
  const working = new AbortController();
  const work = users.map((user) => user.work(working.signal));
  const done = await harmAll(calm);
  const recovered = await settled();
  working.abort();
  await Promise.all(work);
  watch.abort();
  const givenUp = await watching;
  const lost = (await Promise.all(users.map((user) => user.lost()))).flat();
  report(done, users, events, { recovered, givenUp, lost });
  return recovered !== null && givenUp.length === 0 && lost.length === 0;
}

interface Harm {
  readonly at: number;
  readonly way: Way;
  readonly container: string;
}

/** Does harm every few seconds until the signal. */
async function harmAll(signal: AbortSignal): Promise<Harm[]> {
  const done: Harm[] = [];
  while (!signal.aborted) {
    const container = any(running(name));
    const way = any(allWays);
    const at = Date.now();
    if (container !== undefined && way !== undefined && harm(container, way)) {
      done.push({ at, way, container });
      if (options.verbose) process.stdout.write(`${way} ${container}\n`);
    }
    const rest = Number(options.every) * 1000 * (0.5 + Math.random());
    await pause(rest, undefined, { signal }).catch(() => undefined);
  }
  return done;
}

/** Seconds until everything was healthy again; null where it was not within ten minutes. */
async function settled(): Promise<number | null> {
  const begun = Date.now();
  while (!stop.signal.aborted && Date.now() - begun < 600_000) {
    const { workloads } = await status(folder);
    if (workloads.every(({ state }) => state === 'healthy')) return (Date.now() - begun) / 1000;
    await pause(500);
  }
  return null;
}

interface Outcome {
  readonly recovered: number | null;
  readonly givenUp: readonly string[];
  readonly lost: readonly string[];
}

function report(
  harms: readonly Harm[],
  users: readonly User[],
  events: readonly HealEvent[],
  { recovered, givenUp, lost }: Outcome,
): void {
  const line = (text: string) => process.stdout.write(`${text}\n`);
  line(`started anew: ${events.filter(({ type }) => type === 'change-started').length}`);
  line('seconds from the harm until it was seen to be healthy again');
  const all = harms.map((one) => ({ ...one, seconds: untilHealthy(one, harms, events) }));
  for (const way of [...allWays, 'all'] as const) {
    const of = all.filter((one) => way === 'all' || one.way === way);
    const times = of.flatMap(({ seconds }) => seconds ?? []).sort((a, b) => a - b);
    const at = (part: number) => times[Math.floor(part * (times.length - 1))]?.toFixed(1) ?? '-';
    line(
      `  ${way}: ${of.length} times, ${of.length - times.length} over before anyone looked, or befallen again; ` +
        `median ${at(0.5)}, nine of ten ${at(0.9)}, most ${at(1)}`,
    );
  }
  for (const what of ['login', 'create', 'read'] as const) {
    const ok = users.reduce((sum, user) => sum + user.tally[what].ok, 0);
    const failed = users.reduce((sum, user) => sum + user.tally[what].failed, 0);
    line(`${what}: ${ok} answered, ${failed} not`);
  }
  line(
    recovered === null ? 'not everything recovered' : `all healthy ${recovered.toFixed(1)} s after the end`,
  );
  line(`given up: ${givenUp.join(', ') || 'nothing'}`);
  const acknowledged = users.reduce((sum, user) => sum + user.acknowledged.length, 0);
  line(
    `lost: ${lost.length} of ${acknowledged} acknowledged images${lost.map((id) => `\n  ${id}`).join('')}`,
  );
}

/** Seconds until whom harm befell was healthy again; null where it was never seen unhealthy before it was harmed again. */
function untilHealthy(
  { at, container }: Harm,
  harms: readonly Harm[],
  events: readonly HealEvent[],
): number | null {
  const next =
    harms.find((other) => other.container === container && other.at > at)?.at ?? Number.POSITIVE_INFINITY;
  const of = events.filter((event) => 'instance' in event && event.instance === container && event.at > at);
  const seen = of.find(({ type }) => type === 'unhealthy');
  const well = seen && of.find((event) => event.type === 'healthy' && event.at > seen.at);
  return seen && well && seen.at < next ? (well.at - at) / 1000 : null;
}

function any<T>(list: readonly T[]): T | undefined {
  return list[Math.floor(Math.random() * list.length)];
}
