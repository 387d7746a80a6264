import type { Mount, Task, Workload } from '../../../model/resource.ts';
import { inside } from '../../start-spec.ts';
import { bootCommand } from '../boot.ts';
import { volumeName } from '../names.ts';
import type { RenderScope } from './scope.ts';

/** A word for Docker's command line: `--key=value`. */
interface Parameter {
  readonly key: string;
  readonly value: string;
}

export type AppVolume =
  | { readonly containerPath: string; readonly hostPath: string; readonly mode: 'RO' | 'RW' }
  | {
      readonly containerPath: string;
      readonly mode: 'RO' | 'RW';
      readonly external: {
        readonly name: string;
        readonly provider: 'dvdi';
        readonly options: Readonly<Record<string, string>>;
      };
    };

export interface AppContainer {
  readonly type: 'DOCKER';
  readonly docker: {
    readonly image: string;
    readonly forcePullImage: boolean;
    readonly privileged: boolean;
    readonly parameters: readonly Parameter[];
  };
  readonly volumes: readonly AppVolume[];
}

/**
 * The container of a process, with what its rights and mounts are to Docker's command line where Marathon has no word of its own for it: it is never
 * privileged as a whole. It begins with Python, whatever the image's own entry point is.
 */
export function container(scope: RenderScope, process: Workload | Task): AppContainer {
  const { privileges, user } = process;
  const parameters: Parameter[] = [
    { key: 'entrypoint', value: bootCommand(scope.start)[0] ?? '' },
    ...(user === null ? [] : [{ key: 'user', value: user }]),
    ...privileges.capabilities.map((value) => ({ key: 'cap-add', value })),
    ...privileges.devices.map((value) => ({ key: 'device', value })),
    ...privileges.deviceCgroupRules.map((value) => ({ key: 'device-cgroup-rule', value })),
    ...privileges.unconfined.map((what) => ({ key: 'security-opt', value: `${what}=unconfined` })),
    ...(privileges.hostPid ? [{ key: 'pid', value: 'host' }] : []),
    ...(privileges.hostIpc ? [{ key: 'ipc', value: 'host' }] : []),
    ...(process.kind === 'workload' && process.stop.signal !== null
      ? [{ key: 'stop-signal', value: process.stop.signal }]
      : []),
    ...(process.start === 'kolla' && process.config !== null
      ? [mount('tmpfs', '', inside.config, 'tmpfs-mode=1777')]
      : []),
    ...process.mounts.flatMap((one) => asParameter(scope, one)),
  ];
  return {
    type: 'DOCKER',
    docker: { image: process.image, forcePullImage: false, privileged: false, parameters },
    volumes: process.mounts.flatMap((one) => asVolume(scope, one)),
  };
}

/** What a mount of Docker's is that Marathon cannot say: memory, a volume of the agent's Docker, what passes on what is mounted below it. */
function asParameter(scope: RenderScope, one: Mount): Parameter[] {
  if (one.type === 'tmpfs') return [mount('tmpfs', '', one.path)];
  const more = one.readOnly ? ['readonly'] : [];
  if (one.type === 'host')
    return one.shared ? [mount('bind', one.source, one.path, 'bind-propagation=rshared', ...more)] : [];
  if (isExternal(scope, one)) return [];
  const { driver } = scope.settings;
  if (driver !== null && isAlone(scope, one)) more.push(`volume-driver=${driver}`);
  return [mount('volume', volumeName(scope.desired.deployment, one.source), one.path, ...more)];
}

function asVolume(scope: RenderScope, one: Mount): AppVolume[] {
  const mode = one.readOnly ? 'RO' : 'RW';
  if (one.type === 'host' && !one.shared) return [{ containerPath: one.path, hostPath: one.source, mode }];
  const { driver } = scope.settings;
  if (!isExternal(scope, one) || driver === null) return [];
  const name = volumeName(scope.desired.deployment, one.source);
  return [
    {
      containerPath: one.path,
      mode,
      external: { name, provider: 'dvdi', options: { 'dvdi/driver': driver } },
    },
  ];
}

/** Marathon knows a volume of a driver as one instance's alone, and then sees to that. Of others it must know nothing. */
function isExternal(scope: RenderScope, one: Mount): boolean {
  if (scope.settings.driver === null || !isAlone(scope, one)) return false;
  const users = [...scope.workloads, ...scope.tasks].filter(({ mounts }) =>
    mounts.some(({ type, source }) => type === 'volume' && source === one.source),
  );
  return users.every((user) => user.kind === 'workload' && scope.instances(user) <= 1) && users.length === 1;
}

/** Whether there is one of it, and not one on each node. */
function isAlone({ volumes }: RenderScope, { type, source }: Mount): boolean {
  return type === 'volume' && volumes.get(source)?.each !== 'node';
}

function mount(type: string, source: string, target: string, ...more: readonly string[]): Parameter {
  const words = [`type=${type}`, ...(source === '' ? [] : [`source=${source}`]), `target=${target}`, ...more];
  return { key: 'mount', value: words.join(',') };
}
