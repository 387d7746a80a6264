import { z } from 'zod';
import type { Claim } from './agents.ts';
import type { TaskInfo } from './calls.ts';

const schema = z.strictObject({
  command: z.strictObject({
    shell: z.boolean(),
    value: z.string().optional(),
    arguments: z.array(z.string()).optional(),
    environment: z
      .strictObject({
        variables: z.array(
          z.strictObject({ name: z.string(), type: z.literal('VALUE').optional(), value: z.string() }),
        ),
      })
      .optional(),
  }),
  container: z.strictObject({
    type: z.literal('DOCKER'),
    volumes: z
      .array(
        z.strictObject({ container_path: z.string(), host_path: z.string(), mode: z.enum(['RW', 'RO']) }),
      )
      .optional(),
    docker: z.strictObject({
      image: z.string(),
      network: z.enum(['HOST', 'BRIDGE', 'NONE', 'USER']),
      privileged: z.boolean().optional(),
      parameters: z.array(z.strictObject({ key: z.string(), value: z.string() })).optional(),
      force_pull_image: z.boolean().optional(),
    }),
  }),
});

/** What of a task is about its container. Throws on what the containerizer does not know. */
export type DockerInfo = z.infer<typeof schema>;

export function infoOf({ command, container }: TaskInfo): DockerInfo {
  return schema.parse({ command, container });
}

export interface RunOptions {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly claim: Claim;
  /** The sandbox. */
  readonly directory: string;
  /** What host networking is. */
  readonly network: string;
  readonly volume: (name: string) => string;
}

const sandbox = '/mnt/mesos/sandbox';

/** Docker's command line for a task (apache/mesos, src/docker/docker.cpp: Docker::RunOptions::create, Docker::run), which makes the container and does not start it. */
export function createWords({ command, container }: DockerInfo, options: RunOptions): string[] {
  const { docker, volumes = [] } = container;
  if (docker.network !== 'HOST' && docker.network !== 'NONE')
    throw new Error(`the stand-in has no network ${docker.network}`);
  const { claim } = options;
  const variables = new Map([
    ...(command.environment?.variables ?? []).map(({ name, value }) => [name, value] as const),
    ['MESOS_SANDBOX', sandbox] as const,
    ['MESOS_CONTAINER_NAME', options.name] as const,
    ['MESOS_ALLOCATION_ROLE', '*'] as const,
  ]);
  const words = [
    ...(docker.privileged ? ['--privileged'] : []),
    // CPU_SHARES_PER_CPU and MIN_CPU_SHARES, MIN_MEMORY (src/slave/containerizer/mesos/isolators/cgroups/constants.hpp).
    ...['--cpu-shares', String(Math.max(2, Math.floor(1024 * claim.cpus)))],
    ...['--memory', String(Math.max(32, claim.mem) * 1024 ** 2)],
    ...[...variables].flatMap(([key, value]) => ['--env', `${key}=${value}`]),
    ...volumes.flatMap(({ host_path, container_path, mode }) => [
      '--volume',
      `${host_path.includes('/') ? host_path : options.volume(host_path)}:${container_path}:${mode.toLowerCase()}`,
    ]),
    ...['--volume', `${options.directory}:${sandbox}`],
    ...['--network', docker.network === 'HOST' ? options.network : 'none'],
    ...(docker.parameters ?? []).map(({ key, value }) => `--${key}=${parameter(key, value, options)}`),
    ...Object.entries(options.labels).flatMap(([key, value]) => ['--label', `${key}=${value}`]),
    ...['--name', options.name],
    ...(command.shell ? ['--entrypoint=/bin/sh'] : []),
    docker.image,
  ];
  if (!command.shell)
    return [
      'create',
      ...words,
      ...(command.value === undefined ? [] : [command.value]),
      ...(command.arguments ?? []),
    ];
  if (command.value === undefined) throw new Error('Shell specified but no command value provided');
  return ['create', ...words, '-c', command.value];
}

/** A volume that is named in a parameter is the agent's own too; a driver that lies elsewhere, this host's Docker does not have. */
function parameter(key: string, value: string, { volume }: RunOptions): string {
  if (key === 'volume' && !value.startsWith('/')) {
    const [name = '', ...more] = value.split(':');
    return [volume(name), ...more].join(':');
  }
  if (key !== 'mount' || !/(^|,)type=volume(,|$)/.test(value)) return value;
  return value
    .split(',')
    .filter((part) => !part.startsWith('volume-driver='))
    .map((part) => part.replace(/^(source|src)=(.*)$/, (_, word, name) => `${word}=${volume(name)}`))
    .join(',');
}
