import { setTimeout as pause } from 'node:timers/promises';
import { KollageError } from '../../model/error.ts';
import type { LogQuery } from '../engine.ts';
import { sandboxOf } from './captured.ts';
import type { Site } from './cluster.ts';
import { objectName } from './names.ts';
import type { Agent, Operator } from './operator.ts';
import type { Runs } from './runs.ts';
import { appsOf, isThere, workloadOf } from './shapes.ts';

/** Milliseconds between two looks at a file that is followed: an agent tells only what it is asked. */
const every = 500;

/** A task, and the agents on one of which its sandbox is. */
interface Place {
  readonly task: string;
  readonly agents: readonly Agent[];
}

/**
 * The lines of an instance, from its sandbox: those of standard output, then of standard error, for Mesos keeps two files and no times. KLG-502 where nothing
 * of it is known any more.
 */
export async function* logLines(
  site: Site,
  runs: Runs,
  instance: string,
  { follow = false, tail, since }: LogQuery,
  signal: AbortSignal,
): AsyncIterable<string> {
  const place = await placeOf(site, runs, instance);
  const found = place && (await sandbox(site.mesos, place, follow, signal));
  if (!found)
    throw new KollageError({ code: 'KLG-502', message: `no agent has anything of ${instance} any more` });
  // There are no times in these files: all of them are from before now.
  if (since !== undefined && since > Date.now()) return;
  const files = ['stdout', 'stderr'].map((name) => new File(site.mesos, found.agent, `${found.box}/${name}`));
  const before: string[] = [];
  for (const file of files) before.push(...(await file.more()));
  if (!follow) before.push(...files.flatMap((file) => file.rest()));
  yield* tail === undefined ? before : before.slice(Math.max(0, before.length - tail));
  while (follow && !signal.aborted) {
    const goesOn = await isAlive(site, runs, instance, place);
    for (const file of files) yield* await file.more();
    if (!goesOn) {
      for (const file of files) yield* file.rest();
      return;
    }
    await pause(every, undefined, { signal }).catch(() => undefined);
  }
}

/** Executors write these before a process has anything to say (apache/mesos, src/slave/containerizer/docker.cpp; src/docker/executor.cpp). */
const executors =
  /^(--\w+=|Registered docker executor|Starting task |Received |Re-registered|Executor |Forked command|Running |Shutting down|I\d{4} |W\d{4} )/;

/** One file of a sandbox, read on from where it was read to. */
class File {
  readonly #mesos: Operator;
  readonly #agent: Agent;
  readonly #path: string;
  #offset = 0;
  #kept = '';

  constructor(mesos: Operator, agent: Agent, path: string) {
    this.#mesos = mesos;
    this.#agent = agent;
    this.#path = path;
  }

  /** The whole lines that were added. */
  async more(): Promise<string[]> {
    const lines: string[] = [];
    for (;;) {
      const data = await this.#mesos.read(this.#agent, this.#path, this.#offset);
      if (data === null || data === '') return lines.filter((line) => !executors.test(line));
      this.#offset += Buffer.byteLength(data);
      const all = (this.#kept + data).split('\n');
      this.#kept = all.pop() ?? '';
      lines.push(...all);
    }
  }

  /** What comes after the last line's end. */
  rest(): string[] {
    return this.#kept === '' ? [] : [this.#kept];
  }
}

/** The task that is meant by the name of an instance: a task's own, or that of its workload or run; of several the newest that is there. */
async function placeOf(site: Site, runs: Runs, instance: string): Promise<Place | null> {
  const agents = await site.mesos.agents();
  const on = (host: string) => agents.filter(({ hostname }) => hostname === host);
  for (const app of await appsOf(site)) {
    const tasks = app.tasks.filter(({ id }) => id === instance);
    const all = objectName(workloadOf(app) ?? '') === instance ? app.tasks : tasks;
    const [best] = all.toSorted(
      (a, b) =>
        Number(isThere(b)) - Number(isThere(a)) || ((a.startedAt ?? '') < (b.startedAt ?? '') ? 1 : -1),
    );
    if (best?.host) return { task: best.id, agents: on(best.host) };
    // It has ended, and the next one is not there yet.
    const { lastTaskFailure: last } = app;
    const isMeant = objectName(workloadOf(app) ?? '') === instance || last?.taskId === instance;
    if (last && isMeant) return { task: last.taskId, agents: on(last.host) };
  }
  const run = await runs.lastOf(instance);
  return run === null ? null : { task: run, agents };
}

/** Where the sandbox is; of one that was just begun when it is. */
async function sandbox(
  mesos: Operator,
  { task, agents }: Place,
  follow: boolean,
  signal: AbortSignal,
): ReturnType<typeof sandboxOf> {
  for (let tries = follow ? 40 : 1; tries > 0 && !signal.aborted; tries--) {
    const found = await sandboxOf(mesos, agents, task);
    if (found !== null) return found;
    await pause(every, undefined, { signal }).catch(() => undefined);
  }
  return null;
}

async function isAlive(site: Site, runs: Runs, instance: string, { task }: Place): Promise<boolean> {
  if (runs.isUnderWay(instance)) return true;
  return (await appsOf(site)).some(({ tasks }) => tasks.some((one) => one.id === task && isThere(one)));
}
