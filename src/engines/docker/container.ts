import { join } from 'node:path';
import type Docker from 'dockerode';
import type { ConfigBundle, Mount, Privileges, Process, Task, Workload } from '../../model/resource.ts';
import { inside, startCommand } from '../start-spec.ts';
import { shareOf } from './drift/limits.ts';
import { madeOf, printOf } from './drift/made.ts';
import {
  deploymentLabel,
  fingerprintLabel,
  instanceLabel,
  keyLabel,
  madeLabel,
  specLabel,
  volumeName,
} from './names.ts';

/** Folders of this host that an instance's container mounts. */
export interface HostFolders {
  /** The deployment's own, in which the others lie. */
  readonly home: string;
  readonly start: string;
  readonly store: string;
  readonly spec: string;
  /** Null without configuration files. */
  readonly config: string | null;
}

/** Seconds that a task which is told to stop has to clean up. */
const taskGrace = 60;

/**
 * What Docker is asked for: an ordinary container with only the named rights. A workload comes back after a reboot by
 * itself; a task runs once, and again as often as its retries say.
 */
export function containerOptions(
  deployment: string,
  process: Workload | Task,
  bundle: ConfigBundle | null,
  name: string,
  folders: HostFolders,
  specPrint: string,
  urgency: number,
): Docker.ContainerCreateOptions {
  const { privileges, resources } = process;
  const shares =
    resources.cpus === null
      ? (shareOf[Math.min(urgency, shareOf.length - 1)] ?? null)
      : resources.cpus * 1024;
  const options = {
    name,
    Image: process.image,
    Entrypoint: [...startCommand],
    Cmd: [],
    Env: Object.entries(environment(process)).map(([key, value]) => `${key}=${value}`),
    ...(process.user === null ? {} : { User: process.user }),
    Labels: {
      [deploymentLabel]: deployment,
      [keyLabel]: `${process.kind}:${process.id}`,
      [fingerprintLabel]: process.fingerprint,
      [specLabel]: specPrint,
      [instanceLabel]: name,
    },
    ...(process.kind === 'workload' && process.stop.signal !== null
      ? { StopSignal: process.stop.signal }
      : {}),
    StopTimeout: process.kind === 'workload' ? Math.ceil(process.stop.grace) : taskGrace,
    HostConfig: {
      NetworkMode: 'host',
      // dumb-init is the contract's init; a plain image may have none, and a shell as PID 1 ignores SIGTERM.
      Init: process.start === 'plain',
      RestartPolicy:
        process.kind === 'workload'
          ? // Not unless-stopped: a daemon that was killed stops at its next start what still runs, and then holds that for an order.
            { Name: 'always' }
          : process.retries > 0
            ? { Name: 'on-failure', MaximumRetryCount: process.retries }
            : { Name: 'no' },
      LogConfig: { Type: 'json-file', Config: { 'max-size': '10m', 'max-file': '3' } },
      Mounts: mounts(deployment, process, bundle, folders),
      ...rights(privileges),
      ...(resources.memory === null ? {} : { MemoryReservation: resources.memory }),
      ...(shares === null ? {} : { CpuShares: Math.max(2, Math.round(shares)) }),
    },
  } satisfies Docker.ContainerCreateOptions;
  const made = printOf(madeOf(options, folders.home));
  return { ...options, Labels: { ...options.Labels, [madeLabel]: made } };
}

function environment(process: Process): Record<string, string> {
  return process.start === 'kolla'
    ? { KOLLA_CONFIG_STRATEGY: 'COPY_ALWAYS', ...process.env }
    : { ...process.env };
}

function rights(privileges: Privileges): Partial<Docker.HostConfig> {
  return {
    CapAdd: [...privileges.capabilities],
    Devices: privileges.devices.map((device) => ({
      PathOnHost: device,
      PathInContainer: device,
      CgroupPermissions: 'rwm',
    })),
    DeviceCgroupRules: [...privileges.deviceCgroupRules],
    SecurityOpt: privileges.unconfined
      .filter((what) => what !== 'systempaths')
      .map((what) => `${what}=unconfined`),
    // What the command line calls systempaths=unconfined: nothing of /proc and /sys is hidden or read-only.
    ...(privileges.unconfined.includes('systempaths') ? { MaskedPaths: [], ReadonlyPaths: [] } : {}),
    ...(privileges.hostPid ? { PidMode: 'host' } : {}),
    ...(privileges.hostIpc ? { IpcMode: 'host' } : {}),
    ...(privileges.hostCgroup ? { CgroupnsMode: 'host' } : {}),
  };
}

function mounts(
  deployment: string,
  process: Workload | Task,
  bundle: ConfigBundle | null,
  folders: HostFolders,
): Docker.MountSettings[] {
  const ours: Docker.MountSettings[] = [
    bind(folders.start, inside.start, true),
    bind(folders.spec, inside.spec, true),
    bind(folders.store, inside.store, false),
  ];
  if (folders.config !== null) ours.push(...configMounts(process, bundle, folders.config));
  return [...ours, ...process.mounts.map((mount) => mountSettings(deployment, mount))];
}

/** Kolla's images take the whole bundle at one place; a plain image gets each file where it wants it. */
function configMounts(
  process: Workload | Task,
  bundle: ConfigBundle | null,
  folder: string,
): Docker.MountSettings[] {
  if (process.start === 'kolla') return [bind(folder, inside.config, true)];
  return (bundle?.files ?? []).flatMap(({ name, path }) =>
    path === null ? [] : [bind(join(folder, name), path, true)],
  );
}

export function mountSettings(deployment: string, mount: Mount): Docker.MountSettings {
  if (mount.type === 'tmpfs') return { Type: 'tmpfs', Source: '', Target: mount.path };
  if (mount.type === 'volume')
    return {
      Type: 'volume',
      Source: volumeName(deployment, mount.source),
      Target: mount.path,
      ReadOnly: mount.readOnly,
    };
  const settings = bind(mount.source, mount.path, mount.readOnly);
  return mount.shared ? { ...settings, BindOptions: { Propagation: 'rshared' } } : settings;
}

function bind(source: string, target: string, readOnly: boolean): Docker.MountSettings {
  return { Type: 'bind', Source: source, Target: target, ReadOnly: readOnly };
}
