import type { Engine } from '../engines/engine.ts';
import { Health } from '../execute/health.ts';
import { numberOf } from '../execute/number.ts';
import { openDeployment, readDeploymentFile } from '../load/deployment.ts';
import { readPasswords } from '../load/passwords.ts';
import { KollageError } from '../model/error.ts';
import type { ObservedInstance } from '../model/plan.ts';
import type { Desired, Workload } from '../model/resource.ts';
import { atSlot } from '../model/slots.ts';
import { assign, moves } from '../plan/instances.ts';
import { SqliteStore } from '../state/sqlite.ts';
import { engineFor } from './engine-of.ts';

export interface WorkloadStatus {
  readonly workload: string;
  readonly instance: string;
  readonly node: string;
  readonly state: 'healthy' | 'unhealthy' | 'stopped' | 'missing' | 'outdated';
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

/** Opens what an operation on a running deployment needs: its engine, and what was applied last. KLG-507 when nothing was. */
export async function running(
  folder: string,
): Promise<{ engine: Engine; desired: Desired; revision: number; unfinished: boolean }> {
  const { file } = readDeploymentFile(openDeployment(folder));
  const { name, engine: settings } = file.value;
  const engine = engineFor(settings, file.at(['engine']));
  const state = SqliteStore.existing(name);
  try {
    const unfinished = (await state?.unfinished()) ?? null;
    const revision = unfinished ?? (await state?.last());
    if (revision)
      return {
        engine,
        desired: revision.desired,
        revision: revision.number,
        unfinished: unfinished !== null,
      };
    throw new KollageError({ code: 'KLG-507', message: `${name} was never brought up on this host` });
  } finally {
    state?.close();
  }
}

/** What of a deployment is healthy, and why the rest is not. */
export function status(folder: string): Promise<Status> {
  return looking(folder)();
}

/** As `status`, for looking again and again: what it has logged in with is kept from one look to the next. */
export function looking(folder: string): () => Promise<Status> {
  let last: { readonly of: string; readonly health: Health; readonly notAsked: string | null } | undefined;
  return async () => {
    const { desired, ...rest } = await running(folder);
    if (last?.of !== desired.fingerprint) {
      const { secret, notAsked } = await secretsFor(folder, desired);
      const health = new Health({ engine: rest.engine, desired, secret, patience });
      last = { of: desired.fingerprint, health, notAsked };
    }
    return look({ desired, ...rest, ...last });
  };
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

interface Look extends Awaited<ReturnType<typeof running>> {
  readonly health: Health;
  readonly notAsked: string | null;
}

async function look(of: Look): Promise<Status> {
  const { engine, desired, revision, unfinished, notAsked } = of;
  const { instances = [] } = await engine.observe(desired.deployment, desired);
  const workloads = desired.resources.filter((resource) => resource.kind === 'workload');
  const rows = workloads.flatMap((workload) => {
    const there = instances.filter((instance) => instance.workload === workload.id);
    return [...there.map((instance) => lookAt(of, workload, instance)), ...missing(of, workload, there)];
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
): Promise<WorkloadStatus> {
  const instance = there.name ?? engine.instanceName(desired.deployment, workload.id, 1);
  const { node } = there;
  const row = { workload: workload.id, instance, node, why: '', logs: [] };
  const number = numberOf(engine, desired.deployment, workload, instance);
  const why =
    there.state === 'stopped'
      ? 'its container is stopped'
      : await health.ask(atSlot(workload, number), { instance, node, since: null });
  if (why !== null) {
    const state = there.state === 'stopped' ? 'stopped' : 'unhealthy';
    return { ...row, state, why, logs: await lastLines(engine, desired.deployment, instance, 5) };
  }
  return there.fingerprint === workload.fingerprint
    ? { ...row, state: 'healthy' }
    : { ...row, state: 'outdated', why: 'it runs with another configuration' };
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
