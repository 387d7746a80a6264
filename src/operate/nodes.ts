import type { EngineNode } from '../engines/engine.ts';
import { openDeployment, readDeploymentFile } from '../load/deployment.ts';
import { secretOf } from '../load/secret-of.ts';
import { KollageError } from '../model/error.ts';
import type { ErrorCode } from '../model/errors.ts';
import type { ObservedInstance } from '../model/plan.ts';
import type { Desired, Workload } from '../model/resource.ts';
import { assign } from '../plan/instances.ts';
import { engineFor } from './engine-of.ts';
import { prepare } from './prepare.ts';

/** A node, of those that a deployment names or the engine has. */
export interface NodeRow {
  readonly node: string;
  /**
   * ready: it takes what is placed there; unready: not now, for the reason in `why`; missing: the engine has none of that name; other: the deployment
   * gives it no role; unknown: the engine was not asked.
   */
  readonly state: 'ready' | 'unready' | 'missing' | 'other' | 'unknown';
  /** Why it is not ready, or which roles it is yet to get or lose; empty when there is nothing to say. */
  readonly why: string;
  readonly roles: readonly string[];
  /** Bytes and processors for what runs there; null where nobody was asked. */
  readonly memory: number | null;
  readonly cpus: number | null;
  /** What is there in fact, sorted. */
  readonly runs: readonly Placed[];
  /** Workloads that shall have an instance there and have none. */
  readonly lacks: readonly string[];
}

export interface Placed {
  readonly workload: string;
  readonly instance: string;
  readonly state: ObservedInstance['state'];
}

export interface Nodes {
  readonly deployment: string;
  readonly engine: string;
  /** Why the engine was not asked; null when it was. */
  readonly notAsked: string | null;
  readonly nodes: readonly NodeRow[];
  /** Instances that are on no node yet. */
  readonly nowhere: readonly Placed[];
}

/** For these an engine cannot be asked, and what kollage.yaml says is shown all the same. */
const unasked: readonly ErrorCode[] = ['KLG-120', 'KLG-501', 'KLG-540'];

/**
 * The nodes of a deployment, their roles, and what is on each: by kollage.yaml what shall be, by the engine what is. Throws what is wrong with the
 * folder, and what the engine refuses.
 */
export async function nodesOfDeployment(folder: string): Promise<Nodes> {
  const { desired } = await prepare(folder);
  const { file } = readDeploymentFile(openDeployment(folder));
  try {
    const engine = engineFor(file.value.engine, { secret: secretOf(folder) });
    const [there, { instances = [] }] = await Promise.all([
      engine.nodes(desired),
      // Where the engine places, nobody but it knows on which node something is.
      engine.observe(desired.deployment, engine.whole ? null : desired),
    ]);
    return nodesOf(desired, there, instances);
  } catch (error) {
    if (!(error instanceof KollageError) || !unasked.includes(error.code)) throw error;
    return { ...nodesOf(desired, null, []), notAsked: error.message };
  }
}

/** `there`: the engine's nodes; null when it was not asked. */
export function nodesOf(
  desired: Desired,
  there: readonly EngineNode[] | null,
  instances: readonly ObservedInstance[],
): Nodes {
  const on = grouped(instances);
  const named = new Map(desired.nodes.map((node) => [node.name, node.roles]));
  const anywhere = isAnywhere(desired, there);
  const known = new Map((there ?? []).map((node) => [node.name, node]));
  const names = [...new Set([...(anywhere ? [] : named.keys()), ...known.keys()])].sort();
  const shall = new Map<string, string[]>();
  for (const one of desired.resources)
    if (one.kind === 'workload')
      for (const node of new Set(placesOf(one, anywhere ? names : null)))
        shall.set(node, [...(shall.get(node) ?? []), one.id]);
  const nodes = names.map((node): NodeRow => {
    const roles = anywhere ? [...named.values()].flat() : named.get(node);
    const runs = (on.get(node) ?? []).map(placed);
    const has = new Set(runs.map(({ workload }) => workload));
    const one = known.get(node);
    return {
      node,
      ...stateOf(one, there !== null, roles, anywhere),
      roles: [...(roles ?? [])].sort(),
      memory: one?.memory ?? null,
      cpus: one?.cpus ?? null,
      runs,
      lacks: (shall.get(node) ?? []).filter((id) => !has.has(id)).sort(),
    };
  });
  const nowhere = [...on].flatMap(([node, all]) => (names.includes(node) ? [] : all.map(placed)));
  const { deployment, engine } = desired;
  return { deployment, engine, notAsked: null, nodes, nowhere };
}

/** Whether any node of the engine's may be used: the deployment names none, and the engine has nodes with names of their own. */
function isAnywhere({ nodes }: Desired, there: readonly EngineNode[] | null): boolean {
  return (
    nodes.length === 1 && nodes[0]?.name === 'localhost' && (there ?? []).some(({ roles }) => roles !== null)
  );
}

/** The nodes on which a workload shall have an instance, as far as that is not the engine's business; `all` where any will do. */
function placesOf(workload: Workload, all: readonly string[] | null): readonly string[] {
  if ('each' in workload.scale) return all ?? workload.placement.nodes;
  return workload.placement.by === 'engine' ? [] : assign(workload);
}

function stateOf(
  there: EngineNode | undefined,
  asked: boolean,
  roles: readonly string[] | undefined,
  anywhere: boolean,
): Pick<NodeRow, 'state' | 'why'> {
  if (!asked) return { state: 'unknown', why: '' };
  if (!there) return { state: 'missing', why: 'the engine has no node of this name' };
  if (roles === undefined) return { state: 'other', why: there.why ?? '' };
  if (there.why !== null) return { state: 'unready', why: there.why };
  const has = there.roles;
  if (has === null || anywhere) return { state: 'ready', why: '' };
  const comes = roles.filter((role) => !has.includes(role));
  const goes = has.filter((role) => !roles.includes(role));
  const parts = [
    ...(comes.length > 0 ? [`gets ${comes.join(', ')}`] : []),
    ...(goes.length > 0 ? [`is no longer ${goes.join(', ')}`] : []),
  ];
  return { state: 'ready', why: parts.length === 0 ? '' : `with the next up it ${parts.join(' and ')}` };
}

function grouped(instances: readonly ObservedInstance[]): Map<string, ObservedInstance[]> {
  const on = new Map<string, ObservedInstance[]>();
  for (const one of instances.toSorted((a, b) => (a.workload < b.workload ? -1 : 1))) {
    const there = on.get(one.node);
    if (there) there.push(one);
    else on.set(one.node, [one]);
  }
  return on;
}

function placed({ workload, name, state }: ObservedInstance): Placed {
  return { workload, instance: name ?? workload, state };
}
