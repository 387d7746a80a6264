import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type Docker from 'dockerode';
import { ignoring } from '../../docker/errors.ts';
import { join as joinStreams } from '../../docker/streams.ts';
import type { Tool } from '../../model/resource.ts';
import type { ToolCall } from '../engine.ts';
import type { Io } from '../io.ts';
import { ask, askOnce } from './ask.ts';
import { mountSettings } from './container.ts';
import { Folders } from './folders.ts';
import { deploymentLabel, keyLabel } from './names.ts';
import { onInterrupt, sized, terminalEnv } from './session.ts';

/** A home folder in memory, for what a tool wants to keep while it runs. */
const home = '/kollage/home';

/**
 * Runs a tool as the user who calls it, in a container that is gone afterwards, and gives its exit code. Nothing of what it prints is kept
 * by Docker: tokens may be in it. Its files with secrets are those of the host's folder that only this user may enter.
 */
export async function runTool(docker: Docker, tool: Tool, call: ToolCall, io: Io): Promise<number> {
  const { deployment, bundle, secret } = call;
  const name = `${deployment}-${tool.name}-${randomBytes(3).toString('hex')}`;
  const folders = new Folders(deployment);
  const files = bundle && folders.config(name, bundle, secret);
  const container = docker.getContainer(name);
  const undo: (() => void)[] = [];
  try {
    await ask(() => docker.createContainer(toolOptions(tool, call, io, { name, files })), tool.image);
    const connection = await askOnce(() =>
      container.attach({ stream: true, stdin: true, stdout: true, stderr: true, hijack: true }),
    );
    const over = container.wait({ condition: 'next-exit' });
    // Should the start fail, nobody waits for it.
    over.catch(() => undefined);
    const output = joinStreams(docker, connection, io, io.terminal !== null);
    await askOnce(() => container.start());
    undo.push(sized(container, io));
    const interrupt = () => void ignoring([404, 409], () => container.kill({ signal: 'SIGINT' }));
    undo.push(onInterrupt(io, interrupt));
    await output;
    const { StatusCode: code }: { StatusCode: number } = await over;
    return code;
  } finally {
    for (const step of undo) step();
    await ignoring([404, 409], () => container.remove({ force: true, v: true }));
    // Docker may be removing it already.
    await ignoring([404], () => container.wait({ condition: 'removed' }));
    folders.removeInstance(name);
  }
}

/** What Docker is asked for. */
export function toolOptions(
  tool: Tool,
  { deployment, bundle, args, user, folder }: Omit<ToolCall, 'secret'>,
  io: Io,
  made: { readonly name: string; readonly files: string | null },
): Docker.ContainerCreateOptions {
  const { name, files } = made;
  const seen = isShared(folder);
  const env = { ...tool.env, HOME: home };
  return {
    name,
    Image: tool.image,
    Entrypoint: [...tool.command],
    Cmd: [...args],
    Env: [...Object.entries(env).map(([name, value]) => `${name}=${value}`), ...terminalEnv(io)],
    ...(user === null ? {} : { User: user }),
    WorkingDir: seen ? folder : home,
    Tty: io.terminal !== null,
    AttachStdin: io.stdin !== null,
    OpenStdin: io.stdin !== null,
    StdinOnce: true,
    Labels: { [deploymentLabel]: deployment, [keyLabel]: `tool:${tool.id}` },
    HostConfig: {
      AutoRemove: true,
      Init: true,
      NetworkMode: 'host',
      LogConfig: { Type: 'none', Config: {} },
      Tmpfs: { [home]: owned(user) },
      Mounts: [
        ...(bundle?.files ?? []).flatMap((file) =>
          file.path === null || files === null ? [] : [mount(join(files, file.name), file.path, true)],
        ),
        ...(seen ? [mount(folder, folder, false)] : []),
        ...(tool.mounts ?? []).map((one) => mountSettings(deployment, one)),
      ],
    },
  };
}

/** Folders where the container has its own files: what the host has there would hide them. */
const own = /^\/(bin|boot|dev|etc|kollage|lib\w*|proc|run|sbin|sys|usr)(\/|$)|^\/(var)?$/;

/** Whether the files of a folder of this host can be shown to a tool at the same place. */
export function isShared(folder: string): boolean {
  return !own.test(folder) && existsSync(folder);
}

function owned(user: string | null): string {
  const [uid, gid] = user?.split(':') ?? [];
  return ['mode=0700', ...(uid === undefined ? [] : [`uid=${uid}`, `gid=${gid ?? uid}`])].join(',');
}

function mount(source: string, target: string, readOnly: boolean): Docker.MountSettings {
  return { Type: 'bind', Source: source, Target: target, ReadOnly: readOnly };
}
