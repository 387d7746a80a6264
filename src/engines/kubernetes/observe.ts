import type { KubernetesClient } from '../../kubernetes/client.ts';
import { ignoring } from '../../kubernetes/errors.ts';
import type { ApiObject } from '../../kubernetes/object.ts';
import type { Observed, ObservedInstance, ObservedNode } from '../../model/plan.ts';
import type { Desired } from '../../model/resource.ts';
import type { Published } from '../outdated.ts';
import { type Beside, besideOf, changedByHand } from './by-hand.ts';
import { outdatedOf, published } from './filled.ts';
import { annotation, label } from './names.ts';
import { room } from './nodes.ts';
import { podsOf } from './pods.ts';
import { claimFor } from './render/claims.ts';
import { RenderScope } from './render/scope.ts';
import { awayOf, fingerprintOf, since, stateOf } from './rollout.ts';
import type { KubernetesSettings } from './settings.ts';
import { controllerKinds, controllerShape, holding, jobShape, nodeShape, type PodShape } from './shapes.ts';

/** What is there of a deployment: the pods of its workloads, what was changed by hand, its tasks that are done, its volumes, and the nodes. */
export async function observe(
  client: KubernetesClient,
  settings: KubernetesSettings,
  deployment: string,
  desired: Desired | null,
  last: Desired | null,
): Promise<Observed> {
  const { namespace } = settings;
  const labels = `${label.deployment}=${deployment}`;
  const [pods, controllers, jobs, claims, nodes, beside] = await Promise.all([
    podsOf(client, namespace, { [label.deployment]: deployment }),
    Promise.all(controllerKinds.map((kind) => client.look({ kind, namespace }, { labels }))),
    client.look({ kind: 'Job', namespace }, { labels }),
    client.look({ kind: 'PersistentVolumeClaim', namespace }, { labels }),
    // Nodes belong to the cluster, and not everybody may look at them.
    ignoring([403], () => client.look({ kind: 'Node' })),
    // Who only looks what runs need not know.
    last && besideOf(client, namespace, deployment),
  ]);
  const live = controllers.flat();
  const scope = desired && new RenderScope({ desired, settings, start: {} });
  const applied = last && new RenderScope({ desired: last, settings, start: {} });
  const follows = scope?.workloads.some((one) => one.follows) ?? false;
  const values = follows ? await published(client, namespace) : () => undefined;
  const there = new Set(claims.map(({ metadata }) => metadata.name));
  return {
    instances: live.flatMap((object) =>
      instancesOf({ scope, values }, applied && beside && { applied, beside }, object, pods),
    ),
    volumes: (desired?.resources ?? []).flatMap((one) =>
      one.kind === 'volume' && (one.each === 'node' || (scope && there.has(claimFor(scope, one))))
        ? [one.id]
        : [],
    ),
    tasks: jobs.flatMap((item) => {
      const { metadata, status } = jobShape.parse(item);
      const [, id] = (metadata.annotations[annotation.key] ?? '').split(/^task:/);
      const fingerprint = metadata.annotations[annotation.fingerprint];
      const isDone = holding(status.conditions, 'Complete') !== undefined;
      return id !== undefined && fingerprint !== undefined && isDone ? [{ id, fingerprint }] : [];
    }),
    ...(nodes && { nodes: nodesOf(nodes, scope) }),
  };
}

/** The instances of one controller. Without names for nodes the cluster is one node to a plan, whatever the pods are on. */
function instancesOf(
  { scope, values }: { readonly scope: RenderScope | null; readonly values: Published },
  last: { readonly applied: RenderScope; readonly beside: Beside } | null,
  object: ApiObject,
  pods: readonly PodShape[],
): ObservedInstance[] {
  const live = controllerShape.parse(object);
  const workload = (live.metadata.annotations[annotation.key] ?? '').replace(/^workload:/, '');
  const name = live.metadata.labels[label.workload];
  if (workload === '' || name === undefined) return [];
  const wanted = scope?.workloads.find(({ id }) => id === workload);
  const changed = last ? changedByHand(last.applied, workload, object, last.beside) : [];
  const any = scope !== null && !scope.hasNodes;
  const all = pods
    .filter(({ metadata }) => metadata.labels[label.workload] === name)
    .sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
  const own = all.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  const { replicas } = live.spec;
  // One that is being removed counts where nothing has taken its place: its node may be lost.
  if (replicas !== undefined) {
    const going = all.filter((pod) => !own.includes(pod)).slice(0, Math.max(0, replicas - own.length));
    own.push(...going);
    // While it rolls there are more of them for a moment, of which the cluster takes away what does not serve.
    own.sort((a, b) => ranks.indexOf(stateOf(b)) - ranks.indexOf(stateOf(a)));
    own.length = Math.min(own.length, replicas);
  }
  const instances = own.map((pod): ObservedInstance => {
    const { nodeName } = pod.spec;
    const [first = ''] = wanted?.placement.nodes ?? [];
    const away = awayOf(pod);
    const outdated = wanted ? outdatedOf(pod, wanted, values) : {};
    return {
      workload,
      name: pod.metadata.name,
      node: any || nodeName === undefined ? first : nodeName,
      fingerprint: fingerprintOf(pod),
      state: stateOf(pod),
      ...since(pod),
      ...(away && { away: away.why }),
      ...(changed.length > 0 && { drift: changed }),
      ...(Object.keys(outdated).length > 0 && { outdated }),
    };
  });
  // One on each node, of nodes without names: as one, and that the worst of them.
  const [worst] = instances.toSorted((a, b) => ranks.indexOf(a.state) - ranks.indexOf(b.state));
  return any && live.kind === 'DaemonSet' && worst ? [worst] : instances;
}

const ranks = ['stopped', 'starting', 'running'];

/** The nodes as a plan knows them. */
function nodesOf(items: readonly ApiObject[], scope: RenderScope | null): ObservedNode[] {
  const all = items.map((item) => {
    const node = nodeShape.parse(item);
    return { name: node.metadata.name, ...room(node) };
  });
  if (scope?.hasNodes) return all;
  const sum = (of: (node: (typeof all)[number]) => number) =>
    all.reduce((total, node) => total + of(node), 0);
  return [{ name: 'localhost', memory: sum(({ memory }) => memory), cpus: sum(({ cpus }) => cpus) }];
}
