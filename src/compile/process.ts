import { KollageError } from '../model/error.ts';
import type { ConfigBundle, ConfigFile, Mount, Placement, Process } from '../model/resource.ts';
import type { Component, MountDefinition, TaskDefinition } from '../model/service.ts';
import { parseSize } from '../model/size.ts';
import { secretsIn, token } from '../model/token.ts';
import { type BundleFor, configFiles, kollaConfig, type Overrides } from './bundle.ts';
import { type Context, nodeAddress } from './context.ts';
import type { Definition, Part } from './definition.ts';
import { hash } from './fingerprint.ts';
import { imageReference } from './image.ts';
import { ownHost } from './instance-host.ts';
import { type Known, qualify, resolveNeeds } from './needs.ts';
import type { Scope } from './scope.ts';

/** A process before its fingerprint: the inputs that make it are the caller's to choose. */
export type Draft = Omit<Process, 'inputs' | 'fingerprint'>;

export interface Drafted {
  readonly draft: Draft;
  readonly bundle: ConfigBundle | null;
}

/** The scope of a component or task: what its service gives, its own name, and the address that it listens on. */
export function processScope(
  context: Context,
  definition: Definition,
  part: Part<Component | TaskDefinition>,
  component: string,
  outer: Scope,
): Scope {
  const { deployment, engine } = context.input;
  const onHost = engine.network === 'host' || part.value.privileges.hostNetwork;
  return outer.ofPart(part).within([], {
    ...context.ofService(definition.name),
    component,
    bind: onHost ? nodeAddress(deployment, engine) : '0.0.0.0',
    ...ownInstance(context, definition.name, component),
    port: (name: unknown) => listensOn(context, `${definition.name}/${String(name)}`, component),
  });
}

/** `instance.host`, where instances have names by which the others know them. */
function ownInstance(context: Context, service: string, component: string): object {
  const host = ownHost(context, service, component);
  return host === undefined ? {} : { instance: { host } };
}

/** The port that a process listens on for an endpoint of its service: behind the balancer a token, because each instance has its own. */
function listensOn(context: Context, id: string, component: string): number | string {
  const endpoint = context.endpoint(id);
  const own = endpoint.workload === `${id.split('/')[0]}/${component}`;
  if (!own || endpoint.balancer === undefined) return endpoint.port;
  return token('instance', `port:${id.split('/')[1]}`);
}

/** What a workload and a task have in common; `id` names its bundle. */
export function draftProcess(
  context: Context,
  known: Known,
  overrides: Overrides,
  id: string,
  target: BundleFor,
  placement: Placement,
  value: Component | TaskDefinition,
  scope: Scope,
): Drafted {
  const { definition } = target;
  const start = value.start ?? definition.service.start;
  const command = scope.words(value.command, 'command');
  const user = scope.optionalText(value.user ?? definition.service.user, 'user');
  const env = Object.fromEntries(
    Object.entries({ ...definition.service.env, ...value.env })
      .map(([name, text]): [string, string] => [name, scope.text(text, 'env', name)])
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
  const files = configFiles(context, overrides, target, value.config, scope);
  if (start === 'kolla') files.push(kollaFile(command, files, value, user, scope));
  checkCommand(command, start, scope);
  const secrets = secretsIn([...Object.values(env), ...files.map((file) => file.content)].join('\n'));
  return {
    draft: {
      image: imageReference(context, imageName(value, definition, scope), scope),
      start,
      command,
      env,
      user,
      config: files.length > 0 ? id : null,
      mounts: value.mounts.flatMap((mount, index) =>
        mountOf(mount, definition.name, known, scope.within(['mounts', index])),
      ),
      privileges: {
        ...value.privileges,
        devices: value.privileges.devices.map((device, index) =>
          scope.text(device, 'privileges', 'devices', index),
        ),
      },
      resources: {
        memory: value.resources.memory === undefined ? null : memory(value.resources.memory, scope),
        cpus:
          value.resources.cpus === undefined ? null : scope.number(value.resources.cpus, 'resources', 'cpus'),
      },
      needs: resolveNeeds(context, known, value.needs, definition.name, scope),
      placement,
      secrets,
    },
    bundle: files.length > 0 ? { kind: 'config', id, files } : null,
  };
}

/** The inputs of a process, by name, and its fingerprint over them. `spec` is what only a new container can change. */
export function fingerprinted(
  draft: Draft,
  bundle: ConfigBundle | null,
  spec: unknown,
  secretPrints: ReadonlyMap<string, string>,
): Pick<Process, 'inputs' | 'fingerprint'> {
  const inputs: Record<string, string> = { image: hash(draft.image), spec: hash(spec) };
  for (const file of bundle?.files ?? []) inputs[`file:${file.name}`] = file.hash;
  for (const name of draft.secrets) inputs[`secret:${name}`] = secretPrints.get(name) ?? 'missing';
  return { inputs, fingerprint: hash(inputs) };
}

function kollaFile(
  command: readonly string[],
  files: readonly ConfigFile[],
  value: Component | TaskDefinition,
  user: string | null,
  scope: Scope,
): ConfigFile {
  const permissions = value.permissions.map((permission, index) => {
    const inner = scope.within(['permissions', index]);
    const { mode, recurse } = permission;
    const entry = {
      path: inner.text(permission.path, 'path'),
      owner: inner.text(permission.owner, 'owner'),
      recurse,
    };
    return mode === undefined ? entry : { ...entry, perm: mode };
  });
  return kollaConfig(command, files, permissions, user ?? 'root');
}

function imageName(value: Component | TaskDefinition, definition: Definition, scope: Scope): string {
  const name = value.image ?? definition.service.image;
  if (name === undefined) throw scope.mistake('no image is named, neither here nor by the service');
  return scope.text(name, 'image');
}

function checkCommand(command: readonly string[], start: 'kolla' | 'plain', scope: Scope): void {
  if (secretsIn(command.join(' ')).length > 0) {
    throw new KollageError({
      code: 'KLG-123',
      message: 'a secret may not stand in a command, where every process of the host can read it',
      place: scope.place('command'),
      next: 'Put it into a configuration file with mode 0600, or into an environment variable.',
    });
  }
  if (start === 'kolla' && command.length === 0) throw scope.mistake('there is no command');
  const spaced = start === 'kolla' ? command.find((word) => /[\s"'\\]/.test(word)) : undefined;
  if (spaced !== undefined) {
    // kolla_start splits the command at white space and knows no quotes.
    throw scope.mistake(
      `${JSON.stringify(spaced)} would be split: with start: kolla, put such a command into a script among the config files`,
      'command',
    );
  }
}

function mountOf(mount: MountDefinition, service: string, known: Known, scope: Scope): Mount[] {
  if (!scope.when(mount.when)) return [];
  const { readOnly, shared } = mount;
  const path = scope.text(mount.path, 'path');
  const given = [mount.volume, mount.host, mount.tmpfs || undefined].filter((source) => source !== undefined);
  if (given.length !== 1) throw scope.mistake('a mount takes exactly one of volume, host and tmpfs');
  if (mount.volume !== undefined) {
    const source = qualify(mount.volume, service);
    if (known.volumes.has(source)) return [{ type: 'volume', source, path, readOnly, shared }];
    throw new KollageError({
      code: 'KLG-202',
      message: `no service that is on has the volume ${source}`,
      place: scope.place('volume'),
    });
  }
  if (mount.host !== undefined)
    return [{ type: 'host', source: scope.text(mount.host, 'host'), path, readOnly, shared }];
  return [{ type: 'tmpfs', source: '', path, readOnly, shared }];
}

function memory(size: number | string, scope: Scope): number {
  const bytes = parseSize(typeof size === 'number' ? size : scope.text(size, 'resources', 'memory'));
  if (bytes === null)
    throw scope.mistake(`${JSON.stringify(size)} is not a size such as 512M`, 'resources', 'memory');
  return bytes;
}
