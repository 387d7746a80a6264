import type { Port, Workload } from '../../../model/resource.ts';
import { atSlot } from '../../../model/slots.ts';
import { bootCommand } from '../boot.ts';
import { appId, label } from '../names.ts';
import { type AppContainer, container } from './container.ts';
import { type HealthCheck, healthChecks } from './health.ts';
import { memoryLimit } from './memory.ts';
import { type Constraint, placing } from './placing.ts';
import type { RenderScope } from './scope.ts';

/** What stands for the key with which a container opens what is for it. */
export const storeKey = '@{store.key}';

/** What an app has where nobody says how much it may take: Mesos wants a figure, and ends what takes more memory. */
const usual = { cpus: 0.1, mem: 1024 } as const;

interface PortDefinition {
  readonly port: number;
  readonly protocol: string;
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>>;
}

/** An app of Marathon's (app.raml), as far as we say something of it. */
export interface App {
  readonly id: string;
  readonly args: readonly string[];
  readonly cpus: number;
  readonly mem: number;
  readonly instances: number;
  readonly container: AppContainer;
  readonly networks: readonly { readonly mode: 'host' }[];
  readonly portDefinitions: readonly PortDefinition[];
  readonly requirePorts: boolean;
  readonly env: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly constraints: readonly Constraint[];
  readonly healthChecks: readonly HealthCheck[];
  readonly upgradeStrategy: { readonly minimumHealthCapacity: number; readonly maximumOverCapacity: number };
  readonly unreachableStrategy:
    | 'disabled'
    | { readonly inactiveAfterSeconds: number; readonly expungeAfterSeconds: number };
  readonly taskKillGracePeriodSeconds: number;
  readonly backoffSeconds: number;
  readonly maxLaunchDelaySeconds: number;
}

/** A component as an app. Apps depend on no others: all start at once, and each waits inside for what it needs. */
export function app(scope: RenderScope, whole: Workload): App {
  // Behind a balancer each is alone on its agent, and so the first one there.
  const workload = atSlot(whole, 1);
  const { deployment, release } = scope.desired;
  const { resources } = workload;
  return {
    id: appId(deployment, workload.id),
    args: bootCommand(scope.start).slice(1),
    cpus: resources.cpus ?? usual.cpus,
    mem: memoryLimit(resources.memory, usual.mem),
    instances: scope.instances(workload),
    container: container(scope, workload),
    networks: [{ mode: 'host' }],
    portDefinitions: workload.ports.map(portDefinition),
    requirePorts: workload.ports.length > 0,
    env: environment(scope, workload),
    labels: {
      [label.deployment]: deployment,
      [label.key]: `workload:${workload.id}`,
      [label.fingerprint]: workload.fingerprint,
      [label.release]: release,
      ...balancing(workload.ports),
    },
    constraints: placing(scope, workload),
    healthChecks: healthChecks(scope, workload),
    upgradeStrategy: upgrading(scope, workload),
    unreachableStrategy: unreachable(workload),
    taskKillGracePeriodSeconds: Math.ceil(workload.stop.grace),
    backoffSeconds: 1,
    maxLaunchDelaySeconds: 60,
  };
}

/** What the boot command looks for. The key is filled in by who sends the app to Marathon, for it is a secret. */
function environment({ desired, settings }: RenderScope, workload: Workload): Record<string, string> {
  return {
    ...(workload.start === 'kolla' && { KOLLA_CONFIG_STRATEGY: 'COPY_ONCE' }),
    ...workload.env,
    KOLLAGE_ZOOKEEPER: settings.zookeeper,
    KOLLAGE_DEPLOYMENT: desired.deployment,
    KOLLAGE_PROCESS: workload.id,
    KOLLAGE_VERSION: workload.fingerprint,
    KOLLAGE_STORE_KEY: storeKey,
  };
}

/** Names of ports are unique in an app, and labels of DNS: a balancer has those of many services. */
function portDefinition({ endpoint, port, protocol }: Port): PortDefinition {
  return { port, protocol, name: endpoint.replace(/[^a-z0-9]+/g, '-') };
}

/** What marathon-lb reads (mesosphere/marathon-lb, Longhelp.md): users reach public endpoints through it, under their own ports. */
function balancing(ports: readonly Port[]): Record<string, string> {
  const open = ports.flatMap(({ exposure, port }, at): [string, string][] =>
    exposure === 'public' ? [[`HAPROXY_${at}_PORT`, String(port)]] : [],
  );
  return open.length === 0 ? {} : { HAPROXY_GROUP: 'external', ...Object.fromEntries(open) };
}

/** Ports of an agent cannot be had twice, so none is ever started beyond the number; fewer may run meanwhile. */
function upgrading(scope: RenderScope, workload: Workload): App['upgradeStrategy'] {
  const { strategy, maxUnavailable } = workload.update;
  const instances = scope.instances(workload);
  const away = strategy === 'recreate' ? instances : Math.min(instances, Math.max(1, maxUnavailable));
  const healthy = instances === 0 ? 0 : (instances - away) / instances;
  return { minimumHealthCapacity: Math.floor(healthy * 1000) / 1000, maximumOverCapacity: 0 };
}

/** Of what has data, two must never run at once: nobody takes the place of one that cannot be seen. */
function unreachable({ mounts }: Workload): App['unreachableStrategy'] {
  const keepsData = mounts.some(({ type, readOnly }) => type === 'volume' && !readOnly);
  return keepsData ? 'disabled' : { inactiveAfterSeconds: 60, expungeAfterSeconds: 300 };
}
