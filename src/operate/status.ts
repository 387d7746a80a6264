import type { Applied, Engine } from '../engines/engine.ts';
import { numberOf } from '../engines/number.ts';
import { Health } from '../execute/health.ts';
import { openDeployment, readDeploymentFile } from '../load/deployment.ts';
import { readPasswords } from '../load/passwords.ts';
import { secretOf } from '../load/secret-of.ts';
import type { DeploymentFile } from '../model/deployment.ts';
import { KollageError } from '../model/error.ts';
import type { ObservedInstance } from '../model/plan.ts';
import type { Desired, Workload } from '../model/resource.ts';
import { atSlot } from '../model/slots.ts';
import { assign, moves } from '../plan/instances.ts';
import { existingState, type Opening } from '../state/open.ts';
import { appliedOf, type StateStore } from '../state/store.ts';
import { engineFor } from './engine-of.ts';

export interface WorkloadStatus {
  readonly workload: string;
  readonly instance: string;
  readonly node: string;
  /** away: its node cannot be asked whether it runs; outdated: it is healthy, and was made from another state than the one that was applied last; changed: somebody changed it since. */
  readonly state: 'healthy' | 'unhealthy' | 'stopped' | 'missing' | 'away' | 'outdated' | 'changed';
  /** Why it is not healthy; empty when it is. */
  readonly why: string;
  /** The last lines of its log, when it is not healthy. */
  readonly logs: readonly string[];
}

export interface Status {
  readonly deployment: string;
  readonly release: string;
  /** The revision that was applied last, and whether a later one was begun and not finished. */
  readonly revision: number | null;
  readonly unfinished: boolean;
  /** Why the platform itself was not asked for its own view of its components; null when it was. */
  readonly notAsked: string | null;
  readonly workloads: readonly WorkloadStatus[];
}

/** Milliseconds that one probe may take. */
const patience = 5000;

/** What an operation on a running deployment needs. */
interface Running {
  readonly engine: Engine;
  /** What kollage.yaml says of it. */
  readonly settings: DeploymentFile['engine'];
  /** What was begun last. */
  readonly desired: Desired;
  readonly revision: number;
  readonly unfinished: boolean;
  /** What was applied whole last. */
  readonly applied: Applied | null;
}

/** Opens a running deployment. KLG-507 when nothing was ever applied. */
export async function running(folder: string): Promise<Running> {
  const opened = await open(folder, {});
  try {
    return await read(opened);
  } finally {
    await opened.state.close();
  }
}

interface Opened extends Pick<Running, 'engine' | 'settings'> {
  readonly name: string;
  readonly state: StateStore;
}

/** Opens what a folder names. KLG-507 when nothing was ever begun. */
async function open(folder: string, how: Opening): Promise<Opened> {
  const { file } = readDeploymentFile(openDeployment(folder));
  const { name, engine: settings } = file.value;
  const all = { ...how, secret: secretOf(folder) };
  const engine = engineFor(settings, all);
  const state = await existingState(settings, name, all);
  if (!state) throw neverUp(name);
  return { name, engine, settings, state };
}

async function read({ name, engine, settings, state }: Opened): Promise<Running> {
  const unfinished = await state.unfinished();
  const last = await state.last();
  const revision = unfinished ?? last;
  if (!revision) throw neverUp(name);
  return {
    engine,
    settings,
    desired: revision.desired,
    revision: revision.number,
    unfinished: unfinished !== null,
    applied: last && (await appliedOf(state, last)),
  };
}

function neverUp(name: string): KollageError {
  return new KollageError({ code: 'KLG-507', message: `${name} was never brought up on this host` });
}

/** What of a deployment is healthy, and why the rest is not. */
export async function status(folder: string): Promise<Status> {
  const now = await running(folder);
  return look({ ...now, ...(await asking(folder, now)) });
}

/** Milliseconds that the platform's view of itself is good for who looks again and again at a cluster: each question is a request to its API server. */
const rest = 10_000;

/**
 * As `status`, for looking again and again: what it has logged in with is kept from one look to the next, and what an engine tells of by itself is heard
 * rather than asked for.
 */
export function looking(folder: string): () => Promise<Status> {
  let opened: (Opened & { readonly of: string }) | undefined;
  let last: Asking | undefined;
  const live = async (): Promise<Running> => {
    const { name, engine } = readDeploymentFile(openDeployment(folder)).file.value;
    const of = JSON.stringify([name, engine]);
    if (opened?.of !== of) {
      const again = { of, ...(await open(folder, { live: true })) };
      // Beside an engine that is only asked, state is a file, which may go and come between two looks.
      if (!again.engine.whole) return read(again).finally(() => again.state.close());
      opened = again;
    }
    return read(opened);
  };
  return async () => {
    const now = await live();
    if (last?.of !== now.desired.fingerprint)
      last = await asking(folder, now, now.engine.whole ? { rest } : {});
    return look({ ...now, ...last });
  };
}

interface Asking {
  /** The fingerprint of the state that is asked about. */
  readonly of: string;
  readonly health: Health;
  readonly notAsked: string | null;
}

async function asking(
  folder: string,
  { engine, desired }: Running,
  how: { readonly rest?: number } = {},
): Promise<Asking> {
  const { secret, notAsked } = await secretsFor(folder, desired);
  const health = new Health({ engine, desired, secret, patience, ...how });
  return { of: desired.fingerprint, health, notAsked };
}

/** The values for logging in; without them the containers can be asked still. */
async function secretsFor(folder: string, desired: Desired) {
  try {
    const { values } = await readPasswords(openDeployment(folder));
    return { secret: (name: string) => values.get(name)?.reveal(), notAsked: null };
  } catch (error) {
    if (!(error instanceof KollageError)) throw error;
    return { secret: null, notAsked: (desired.logins ?? []).length > 0 ? error.message : null };
  }
}

type Look = Running & Asking;

/** Of so many instances that are not well the log is read: of a thousand it would be as many requests at each look. */
const mostLogs = 20;

async function look(of: Look): Promise<Status> {
  const { engine, desired, revision, unfinished, notAsked, applied } = of;
  const { instances = [] } = await engine.observe(desired.deployment, desired, applied);
  const workloads = desired.resources.filter((resource) => resource.kind === 'workload');
  const by = Map.groupBy(instances, ({ workload }) => workload);
  const logs = { left: mostLogs };
  const rows = workloads.flatMap((workload) => {
    const there = by.get(workload.id) ?? [];
    return [
      ...there.map((instance) => lookAt(of, workload, instance, logs)),
      ...missing(of, workload, there),
    ];
  });
  const { deployment, release } = desired;
  return { deployment, release, revision, unfinished, notAsked, workloads: await Promise.all(rows) };
}

/** Rows of the instances that should be there and are not. */
function missing(
  { engine, desired }: Look,
  workload: Workload,
  there: readonly ObservedInstance[],
): WorkloadStatus[] {
  const nodes = there.map(({ node }) => node);
  const { added } = moves(nodes, assign(workload, nodes));
  const taken = new Set(there.map(({ name }) => name));
  const free = Array.from({ length: nodes.length + added.length }, (_, index) =>
    engine.instanceName(desired.deployment, workload.id, index + 1),
  ).filter((name) => !taken.has(name));
  return added.map((node, index) => ({
    workload: workload.id,
    instance: free[index] ?? workload.id,
    node,
    state: 'missing',
    why: 'there is no container',
    logs: [],
  }));
}

async function lookAt(
  { engine, desired, health }: Look,
  workload: Workload,
  there: ObservedInstance,
  logs: { left: number },
): Promise<WorkloadStatus> {
  const instance = there.name ?? engine.instanceName(desired.deployment, workload.id, 1);
  const { node } = there;
  const row = { workload: workload.id, instance, node, why: '', logs: [] };
  if (there.away !== undefined) return { ...row, state: 'away', why: there.away };
  const number = numberOf(engine, desired.deployment, workload, instance);
  const why =
    there.state === 'stopped'
      ? 'its container is stopped'
      : await health.ask(atSlot(workload, number), { instance, node, since: there.since ?? null });
  if (why !== null) {
    const state = there.state === 'stopped' ? 'stopped' : 'unhealthy';
    if (logs.left-- <= 0) return { ...row, state, why };
    return { ...row, state, why, logs: await lastLines(engine, desired.deployment, instance, 5) };
  }
  if (there.fingerprint !== workload.fingerprint)
    return { ...row, state: 'outdated', why: 'it runs with another configuration' };
  const { drift = [] } = there;
  if (drift.length === 0) return { ...row, state: 'healthy' };
  return { ...row, state: 'changed', why: drift.map(({ text }) => text).join('; ') };
}

async function lastLines(
  engine: Engine,
  deployment: string,
  instance: string,
  tail: number,
): Promise<string[]> {
  try {
    return await Array.fromAsync(engine.logs(deployment, instance, { tail }, AbortSignal.timeout(patience)));
  } catch (error) {
    // It may have gone meanwhile: why it is not healthy is told all the same.
    if (error instanceof KollageError) return [];
    throw error;
  }
}
