import { hostname } from 'node:os';
import { observeHost } from '../engines/docker/host.ts';
import { legible } from '../model/error.ts';
import type { Deployment } from '../model/loaded.ts';
import type { Observed, Plan } from '../model/plan.ts';
import type { Desired } from '../model/resource.ts';
import { runChecks } from '../plan/checks/checks.ts';
import { makePlan } from '../plan/plan.ts';
import { prepare } from './prepare.ts';
import { readObserved, readSaved, save } from './saved.ts';

export interface PlanRequest {
  readonly folder: string;
  /** A file with a state saved before; nothing was there when not given. */
  readonly against?: string | undefined;
  /** A file with what is there; looked at on this host when not given. */
  readonly observed?: string | undefined;
  /** Where to save the state that the plan leads to. */
  readonly save?: string | undefined;
}

/**
 * What would change, with the findings of loading, compiling and prechecking. Changes nothing but the file to save to, which is
 * written only when no finding is an error.
 */
export async function planDeployment(request: PlanRequest): Promise<Plan> {
  const { deployment, desired, findings: before } = await prepare(request.folder);
  const last = request.against === undefined ? null : readSaved(request.against);
  const observed =
    request.observed === undefined ? look(deployment, desired) : readObserved(request.observed);
  const plan = makePlan({ desired, last, observed });
  const findings = [...before, ...runChecks({ desired, last, observed }), ...plan.findings].map(legible);
  if (request.save !== undefined && !findings.some((finding) => finding.severity === 'error'))
    save(request.save, desired);
  return { ...plan, findings };
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
