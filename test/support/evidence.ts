import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { deploymentHome } from '../../src/state/home.ts';

const containers = z.array(
  z.object({
    Name: z.string(),
    Image: z.string(),
    State: z.object({ Running: z.boolean() }),
    Config: z.record(z.string(), z.unknown()),
    HostConfig: z.record(z.string(), z.unknown()),
  }),
);

/** What makes a container what it is. */
const config = ['Image', 'Labels', 'Env', 'Entrypoint', 'Cmd', 'User', 'StopSignal', 'StopTimeout'];
const host = ['CapAdd', 'Mounts', 'RestartPolicy', 'MemoryReservation', 'CpuShares'];

export type Evidence = Readonly<Record<string, unknown>>;

/**
 * What each workload of a deployment runs with, byte for byte, by its container's name: the digest of its image, all that decides about its container,
 * and hash and mode of every file of its configuration.
 */
export function evidence(deployment: string): Evidence {
  const filter = `label=io.kollage.deployment=${deployment}`;
  const format = '{{.Names}} {{.Label "io.kollage.key"}}';
  const names = docker('ps', '--all', '--filter', filter, '--format', format)
    .split('\n')
    .flatMap((line) => (line.includes(' workload:') ? [line.split(' ')[0] ?? ''] : []))
    .sort();
  if (names.length === 0) return {};
  const found = containers.parse(JSON.parse(docker('inspect', ...names)));
  return Object.fromEntries(
    found.map(({ Name, Image, State, Config, HostConfig }) => {
      const name = Name.slice(1);
      const what = { ...picked(Config, config), ...picked(HostConfig, host) };
      return [name, { image: Image, running: State.Running, what, files: files(deployment, name) }];
    }),
  );
}

function files(deployment: string, instance: string): unknown {
  const folder = join(deploymentHome(deployment), 'config', instance);
  return readdirSync(folder).map((file) => {
    const path = join(folder, file);
    return [file, createHash('sha256').update(readFileSync(path)).digest('hex'), statSync(path).mode];
  });
}

function picked(from: Readonly<Record<string, unknown>>, keys: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(keys.map((key) => [key, from[key]]));
}

function docker(...args: string[]): string {
  return execFileSync('docker', args, { encoding: 'utf8' });
}
