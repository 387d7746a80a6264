import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

/** An image for nodes: the bytes of its configuration, and the folder on this host in which each of its layers lies, the lowest first. */
export interface NodeImage {
  readonly names: readonly string[];
  readonly config: string;
  readonly layers: readonly { readonly diff: string; readonly folder: string }[];
}

/** The image that pods of tests can use without any other: `pause`, `serve` and `fetch` (box/main.go). */
export const box = 'kollage.dev/box:1';

/** The folder that holds box's program becomes an image as it is. */
export function boxImage(folder: string): NodeImage {
  const diff = `sha256:${createHash('sha256').update('box').digest('hex')}`;
  const config = {
    architecture: { x64: 'amd64' }[process.arch as string] ?? process.arch,
    os: 'linux',
    config: { Entrypoint: ['/box'], Cmd: ['pause'] },
    rootfs: { type: 'layers', diff_ids: [diff] },
  };
  return { names: [box], config: JSON.stringify(config), layers: [{ diff, folder }] };
}

const inspected = z.array(
  z.object({
    Id: z.string(),
    RootFS: z.object({ Layers: z.array(z.string()) }),
    GraphDriver: z.object({ Data: z.record(z.string(), z.string()).nullable() }),
  }),
);

/** Where Docker keeps its layers, when it keeps them as overlayfs where it does by itself; null without a Docker like that. */
export function dockerLayers(): string | null {
  const layers = '/var/lib/docker/overlay2';
  return existsSync(layers) ? layers : null;
}

/**
 * Images of this host's Docker, by reference (`kollage/keystone:2025.1`) or by pattern (`kollage/*`); each is known by the names that match. Throws
 * where Docker has none like that, or does not keep its layers as overlayfs. (It is not asked for `docker info`, which waits for whatever it does.)
 */
export function dockerImages(patterns: readonly string[]): NodeImage[] {
  const names = new Map<string, Set<string>>();
  for (const pattern of patterns) {
    const format = '{{.ID}} {{.Repository}}:{{.Tag}}';
    const lines = docker('image', 'ls', '--no-trunc', '--format', format, pattern);
    if (lines.length === 0) throw new Error(`Docker has no image ${pattern}`);
    for (const [id = '', name = ''] of lines.map((line) => line.split(' ')))
      names.set(id, (names.get(id) ?? new Set()).add(wholeName(name)));
  }
  if (names.size === 0) return [];
  return inspected
    .parse(JSON.parse(docker('image', 'inspect', ...names.keys()).join('\n')))
    .map(({ Id, RootFS, GraphDriver: { Data } }) => {
      const folders = [...(Data?.['LowerDir']?.split(':').reverse() ?? []), Data?.['UpperDir'] ?? ''];
      const layers = RootFS.Layers.map((diff, at) => ({ diff, folder: folders[at] ?? '' }));
      const kept = dockerLayers();
      if (kept === null || layers.some(({ folder }) => !folder.startsWith(`${kept}/`)))
        throw new Error('Docker does not keep its layers in /var/lib/docker/overlay2');
      const config = join(kept, '../image/overlay2/imagedb/content/sha256', Id.replace('sha256:', ''));
      return { names: [...(names.get(Id) ?? [])], config: readFileSync(config, 'utf8'), layers };
    });
}

/** As Kubernetes writes it (github.com/distribution/reference, ParseNormalizedNamed). */
function wholeName(name: string): string {
  const [first = '', ...rest] = name.split('/');
  if (rest.length > 0 && (/[.:]/.test(first) || first === 'localhost')) return name;
  return rest.length > 0 ? `docker.io/${name}` : `docker.io/library/${name}`;
}

function docker(...args: string[]): string[] {
  return execFileSync('docker', args, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 1 << 28,
  })
    .split('\n')
    .filter(Boolean);
}
