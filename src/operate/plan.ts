import { hostname } from 'node:os';
import { observeHost } from '../engines/docker/host.ts';
import type { Switched } from '../load/services-on.ts';
import { type Finding, KollageError, legible } from '../model/error.ts';
import type { Deployment } from '../model/loaded.ts';
import type { Observed, Plan } from '../model/plan.ts';
import type { Desired } from '../model/resource.ts';
import { runChecks } from '../plan/checks/checks.ts';
import { makePlan } from '../plan/plan.ts';
import { hasState } from '../state/home.ts';
import { prepare } from './prepare.ts';
import { readObserved, readSaved, save } from './saved.ts';

export interface PlanRequest {
  readonly folder: string;
  /** A file with a state saved before; the last revision, if there is one, when not given. */
  readonly against?: string | undefined;
  /** A file with what is there; the engine, or this host, is looked at when not given. */
  readonly observed?: string | undefined;
  /** Services that are on or off, whatever the folder says. */
  readonly services?: Switched | undefined;
  /** Where to save the state that the plan leads to. */
  readonly save?: string | undefined;
}

/**
 * What would change since the last revision (or the state given), with the findings of loading, compiling and prechecking. Changes
 * nothing but the file to save to, which is written unless the folder itself has a mistake.
 */
export async function planDeployment(request: PlanRequest): Promise<Plan> {
  const {
    deployment,
    desired,
    findings: before,
  } = await prepare(request.folder, { services: request.services });
  const applied = await lastApplied(deployment.name);
  const last = request.against === undefined ? applied.desired : readSaved(request.against);
  const seen = await observe(request, deployment, desired, applied.any);
  const { observed } = seen;
  const plan = makePlan({ desired, last, observed });
  const checks = runChecks({ desired, last, observed });
  const findings = [...before, ...seen.findings, ...checks, ...plan.findings].map(legible);
  if (request.save !== undefined && !before.some(({ severity }) => severity === 'error'))
    save(request.save, desired);
  return { ...plan, findings };
}

/** The last revision's state, and whether anything was ever begun. The store is read only where there is one: it takes time to load. */
async function lastApplied(deployment: string): Promise<{ any: boolean; desired: Desired | null }> {
  if (!hasState(deployment)) return { any: false, desired: null };
  const { SqliteStore } = await import('../state/sqlite.ts');
  const state = new SqliteStore(deployment);
  try {
    return { any: true, desired: (await state.last())?.desired ?? null };
  } finally {
    state.close();
  }
}

interface Seen {
  readonly observed: Observed;
  readonly findings: readonly Finding[];
}

/** What is there: from a file, from the engine where something was ever brought up, else what can be seen of this host without one. */
async function observe(
  request: PlanRequest,
  deployment: Deployment,
  desired: Desired,
  wasUp: boolean,
): Promise<Seen> {
  if (request.observed !== undefined) return { observed: readObserved(request.observed), findings: [] };
  if (!wasUp || request.against !== undefined) return { observed: look(deployment, desired), findings: [] };
  try {
    // Read only now: a plan for what never ran needs no engine, and not the time to load one.
    const { engineFor } = await import('./engine-of.ts');
    const engine = engineFor(deployment.engine, deployment.at(['engine']));
    return { observed: await engine.observe(deployment.name, desired), findings: [] };
  } catch (error) {
    if (!(error instanceof KollageError) || error.code !== 'KLG-501') throw error;
    const finding = {
      ...error.finding,
      severity: 'warning',
      next: 'This plan compares with the last revision alone.',
    } as const;
    return { observed: {}, findings: [finding] };
  }
}

/** Where containers would run on this very host, what can be seen of it without an engine; elsewhere nothing. */
function look(deployment: Deployment, desired: Desired): Observed {
  const [node, ...more] = deployment.nodes;
  const here = node && more.length === 0 && (node.name === 'localhost' || node.name === hostname());
  if (!here || deployment.engine.type !== 'docker' || deployment.engine.address !== undefined) return {};
  const ports = desired.resources.flatMap((resource) =>
    resource.kind === 'workload' ? resource.ports.map(({ port }) => port) : [],
  );
  return { nodes: [observeHost(node.name, new Set(ports))] };
}
