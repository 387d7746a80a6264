import type { V1Affinity, V1PodSpec, V1Toleration } from '@kubernetes/client-node';
import type { Process, Task, Workload } from '../../../model/resource.ts';
import { roleLabel } from '../names.ts';
import { ownVolumes } from './claims.ts';
import type { RenderScope } from './scope.ts';
import { ties } from './ties.ts';

const hostname = 'kubernetes.io/hostname';
const zone = 'topology.kubernetes.io/zone';

/** Where the pods of a process may run: on nodes of its role, apart from one another, and together with those that share a volume of one node. */
export function placing(
  scope: RenderScope,
  process: Workload | Task,
): Pick<V1PodSpec, 'nodeSelector' | 'affinity' | 'tolerations' | 'topologySpreadConstraints'> {
  const role = roles(scope, process);
  // Also of one: another number of pods must not make those anew that are there.
  const several = process.kind === 'workload' && 'replicas' in process.scale;
  const labelSelector = process.kind === 'workload' ? { matchLabels: scope.selector(process) } : {};
  const together = ties(scope, process).affinity;
  const apart = { labelSelector, topologyKey: hostname };
  // Of those that hold copies for one another two on a node would be lost with it; of others two are better than one.
  const anti: V1Affinity['podAntiAffinity'] =
    ownVolumes(scope, process).length > 0
      ? { requiredDuringSchedulingIgnoredDuringExecution: [apart] }
      : {
          preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 100, podAffinityTerm: apart }],
        };
  const affinity: V1Affinity = {
    ...(role.affinity && { nodeAffinity: role.affinity }),
    ...(together.length > 0 && {
      podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: together },
    }),
    ...(several && together.length === 0 && { podAntiAffinity: anti }),
  };
  return {
    ...(role.selector && { nodeSelector: role.selector }),
    ...(Object.keys(affinity).length > 0 && { affinity }),
    ...(scope.hasNodes && { tolerations: tolerations(scope, process) }),
    ...(several && {
      topologySpreadConstraints: [
        { maxSkew: 1, topologyKey: zone, whenUnsatisfiable: 'ScheduleAnyway', labelSelector },
      ],
    }),
  };
}

function wanted({ placement }: Process): string[] {
  return placement.role.split(',').map((role) => role.trim());
}

/** Nodes are known by the labels of their roles; where a node's own overrides make a component another, by their names too. */
function roles(
  scope: RenderScope,
  process: Workload | Task,
): { selector?: Record<string, string>; affinity?: NonNullable<V1Affinity['nodeAffinity']> } {
  if (!scope.hasNodes) return {};
  const { deployment, nodes } = scope.desired;
  const names = wanted(process);
  const [role = '', ...more] = names;
  const ofRole = nodes
    .filter((node) => node.roles.some((has) => names.includes(has)))
    .map(({ name }) => name);
  const here = new Set(process.placement.nodes);
  const apart = ofRole.filter((node) => !here.has(node));
  if (more.length === 0 && apart.length === 0) return { selector: { [roleLabel(deployment, role)]: 'true' } };
  const named =
    apart.length === 0
      ? []
      : here.size === 1
        ? [{ key: hostname, operator: 'In', values: [...here] }]
        : [{ key: hostname, operator: 'NotIn', values: apart }];
  return {
    affinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: names.map((name) => ({
          matchExpressions: [{ key: roleLabel(deployment, name), operator: 'Exists' }, ...named],
        })),
      },
    },
  };
}

/** Nodes may be kept for a role by a taint of the same name as its label. */
function tolerations(scope: RenderScope, process: Process): V1Toleration[] {
  return wanted(process).map((role) => ({
    key: roleLabel(scope.desired.deployment, role),
    operator: 'Exists',
  }));
}
