import { createHash } from 'node:crypto';
import { z } from 'zod';

const words = z
  .union([z.string().transform((word) => [word]), z.array(z.string())])
  .nullish()
  .transform((list) => list ?? []);
const texts = z
  .array(z.string())
  .nullish()
  .transform((list) => list ?? []);

const mount = z.object({
  Type: z.string(),
  Source: z.string().default(''),
  Target: z.string(),
  ReadOnly: z.boolean().default(false),
  BindOptions: z.object({ Propagation: z.string().default('') }).nullish(),
});

/** The part of a container that is its own for life, as it is asked for and as Docker tells it (API v1.40, ContainerCreate and ContainerInspect). */
const container = z.object({
  Entrypoint: words,
  Cmd: words,
  User: z.string().default(''),
  Env: texts,
  HostConfig: z.object({
    NetworkMode: z.string().default('default'),
    Privileged: z.boolean().default(false),
    Init: z.boolean().nullish(),
    Mounts: z.array(mount).nullish(),
    Binds: texts,
    CapAdd: texts,
    CapDrop: texts,
    Devices: z.array(z.object({ PathOnHost: z.string(), PathInContainer: z.string() })).nullish(),
    DeviceCgroupRules: texts,
    SecurityOpt: texts,
    MaskedPaths: z.array(z.string()).nullish(),
    PidMode: z.string().default(''),
    IpcMode: z.string().default(''),
    LogConfig: z.object({ Type: z.string(), Config: z.record(z.string(), z.string()).nullish() }),
  }),
});

/** What a container was made as, in words that a plan compares. */
export interface Made {
  readonly command: readonly string[];
  readonly user: string;
  readonly env: Readonly<Record<string, string>>;
  /** By the place where it is mounted. */
  readonly mounts: Readonly<Record<string, string>>;
  readonly network: string;
  readonly pid: string;
  readonly ipc: string;
  readonly init: string;
  readonly log: string;
  readonly privileges: Readonly<Record<string, readonly string[]>>;
}

/**
 * Reads what Docker is asked for, or what it tells of a container. `home`: the deployment's folder; which of the start programs and specs below it
 * a container has, named by their content, is left out: another version of Kollage brings others.
 */
export function madeOf(asked: unknown, home: string): Made {
  const { Entrypoint, Cmd, User, Env, HostConfig: host } = container.parse(asked);
  return {
    command: [...Entrypoint, ...Cmd],
    user: User,
    env: Object.fromEntries(Env.map(variable)),
    mounts: Object.fromEntries([
      ...(host.Mounts ?? []).map((one): [string, string] => [one.Target, mountText(one, home)]),
      ...host.Binds.map((bind): [string, string] => [bind.split(':')[1] ?? bind, bind]),
    ]),
    network: host.NetworkMode,
    pid: host.PidMode === 'host' ? 'host' : 'own',
    ipc: host.IpcMode === 'host' ? 'host' : 'own',
    init: host.Init ? 'docker' : 'own',
    log: [host.LogConfig.Type, ...Object.entries(host.LogConfig.Config ?? {}).map(String)].sort().join(' '),
    privileges: {
      capabilities: host.CapAdd.map(capability),
      'dropped capabilities': host.CapDrop.map(capability),
      devices: (host.Devices ?? []).map(({ PathOnHost: on, PathInContainer: inside }) =>
        on === inside ? on : `${on} as ${inside}`,
      ),
      'device rules': host.DeviceCgroupRules,
      // Docker itself adds this one where a container shares the host's processes.
      security: host.SecurityOpt.filter((option) => option !== 'label=disable'),
      rest: [
        ...(host.Privileged ? ['privileged'] : []),
        ...(host.MaskedPaths?.length === 0 ? ['sees all of /proc and /sys'] : []),
      ],
    },
  };
}

/** What tells two such containers apart: for a label, by which another version of Kollage sees that it would ask for something else. */
export function printOf(made: Made): string {
  return createHash('sha256').update(JSON.stringify(made)).digest('hex').slice(0, 16);
}

/** A container without what its image brings along by itself. */
export function withoutImage(
  found: Made,
  image: { readonly User?: string; readonly Env?: readonly string[] | null },
  asked: Made,
): Made {
  const brought = new Map((image.Env ?? []).map(variable));
  const env = Object.entries(found.env).filter(
    ([name, value]) => name in asked.env || brought.get(name) !== value,
  );
  const user = asked.user === '' && found.user === (image.User ?? '') ? '' : found.user;
  return { ...found, user, env: Object.fromEntries(env) };
}

function variable(text: string): [string, string] {
  const [name = '', value = ''] = text.split(/=(.*)/s);
  return [name, value];
}

function mountText({ Type, Source, ReadOnly, BindOptions }: z.infer<typeof mount>, home: string): string {
  const below = ['start', 'specs'].find((folder) => Source.startsWith(`${home}/${folder}/`));
  return [
    Type,
    below === undefined ? Source : `${home}/${below}`,
    ...(ReadOnly ? ['(read-only)'] : []),
    ...(BindOptions?.Propagation ? [BindOptions.Propagation] : []),
  ].join(' ');
}

/** With or without CAP_, as versions of Docker write them. */
function capability(name: string): string {
  return name.toUpperCase().replace(/^CAP_/, '');
}
