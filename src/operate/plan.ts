import { hostname } from 'node:os';
import { observeHost } from '../engines/docker/host.ts';
import type { Applied } from '../engines/engine.ts';
import { type SecretOf, secretOf } from '../load/secret-of.ts';
import type { Switched } from '../load/services-on.ts';
import { type Finding, KollageError, legible } from '../model/error.ts';
import type { ErrorCode } from '../model/errors.ts';
import type { Deployment } from '../model/loaded.ts';
import type { Observed, Plan } from '../model/plan.ts';
import type { Desired } from '../model/resource.ts';
import { runChecks } from '../plan/checks/checks.ts';
import { makePlan } from '../plan/plan.ts';
import { existingState } from '../state/open.ts';
import { appliedOf } from '../state/store.ts';
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
  const secret = secretOf(request.folder);
  const { any, applied, findings: unknown } = await lastApplied(deployment, secret);
  const last = request.against === undefined ? (applied?.desired ?? null) : readSaved(request.against);
  const seen = await observe(request, deployment, desired, { any, applied, secret });
  const { observed } = seen;
  const plan = makePlan({ desired, last, observed });
  const checks = runChecks({ desired, last, observed });
  const findings = [...before, ...unknown, ...seen.findings, ...checks, ...plan.findings].map(legible);
  if (request.save !== undefined && !before.some(({ severity }) => severity === 'error'))
    save(request.save, desired);
  return { ...plan, findings };
}

interface LastApplied {
  readonly any: boolean;
  readonly applied: Applied | null;
  readonly findings: readonly Finding[];
}

/** The last revision's state, and whether anything was ever begun. A cluster that cannot be asked, or is not named yet, is no reason not to plan. */
async function lastApplied({ name, engine }: Deployment, secret: SecretOf): Promise<LastApplied> {
  try {
    const state = await existingState(engine, name, { secret });
    try {
      const last = (await state?.last()) ?? null;
      const applied = state && last && (await appliedOf(state, last));
      return { any: state !== null, applied, findings: [] };
    } finally {
      await state?.close();
    }
  } catch (error) {
    const unknown = warning(error, ['KLG-120', 'KLG-501', 'KLG-540']);
    const message = `${unknown.message}; this plan compares with nothing`;
    return { any: false, applied: null, findings: [{ ...unknown, message }] };
  }
}

/** An error of these codes as a warning. Throws any other. */
function warning(error: unknown, codes: readonly ErrorCode[]): Finding {
  if (!(error instanceof KollageError) || !codes.includes(error.code)) throw error;
  return { ...error.finding, severity: 'warning' };
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
  { any, applied, secret }: Pick<LastApplied, 'any' | 'applied'> & { readonly secret: SecretOf },
): Promise<Seen> {
  if (request.observed !== undefined) return { observed: readObserved(request.observed), findings: [] };
  if (!any || request.against !== undefined) return { observed: look(deployment, desired), findings: [] };
  try {
    // Read only now: a plan for what never ran needs no engine, and not the time to load one.
    const { engineFor } = await import('./engine-of.ts');
    const engine = engineFor(deployment.engine, { secret });
    return { observed: await engine.observe(deployment.name, desired, applied), findings: [] };
  } catch (error) {
    const next = 'This plan compares with the last revision alone.';
    return { observed: {}, findings: [{ ...warning(error, ['KLG-501']), next }] };
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
