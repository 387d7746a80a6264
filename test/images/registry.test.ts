import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DockerEngine } from '../../src/engines/docker/engine.ts';
import { destroy } from '../../src/operate/destroy.ts';
import type { Pulling } from '../../src/operate/pull.ts';
import { up } from '../../src/operate/up.ts';
import { makeShop } from '../engines/shop.ts';
import { complaints, scratch } from '../support/folders.ts';

/* Images that come from a registry, which runs here for the time of the test: Debian's package docker-registry. */

const program = spawnSync('docker-registry', ['--version']).status === 0;
if (!program)
  process.stderr.write('SKIPPED, images of a registry: the package docker-registry is not there\n');

const port = 22431;
const registry = `127.0.0.1:${port}/ours`;
const image = `${registry}/memcached:2025.1`;

describe.runIf(program)('images of a registry', () => {
  const shop = makeShop('kollage-registry', 22432);
  let server: ChildProcess;

  beforeAll(async () => {
    const folder = scratch();
    writeFileSync(
      join(folder, 'config.yml'),
      `version: 0.1\nstorage: { filesystem: { rootdirectory: ${folder}/data } }\nhttp: { addr: "127.0.0.1:${port}" }\n`,
    );
    server = spawn('docker-registry', ['serve', join(folder, 'config.yml')], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    await listening(server);
    const catalog = join(shop.folder, '../catalog/catalog.yaml');
    const naming = 'pulledImageName: "{{ registry }}/{{ image }}:{{ release }}"\n';
    writeFileSync(catalog, `${readFileSync(catalog, 'utf8')}${naming}`);
    docker('tag', 'kollage/memcached:2025.1', image);
    docker('push', '--quiet', image);
    docker('rmi', '--no-prune', image);
  });

  afterAll(async () => {
    await destroy(shop.folder, { data: false });
    spawnSync('docker', ['rmi', '--no-prune', image]);
    server.kill();
    await once(server, 'exit');
  });

  test('what is missing is pulled before anything is made, and what is there is not', async () => {
    shop.configure(`images: { registry: "${registry}" }\n`);
    expect(await bringUp()).toEqual([image]);
    expect(await bringUp()).toEqual([]);
    const { instances = [], nodes = [] } = await new DockerEngine().observe('kollage-registry', null);
    const id = nodes[0]?.imageIds?.[image];
    expect(id).toMatch(/^sha256:/);
    expect(new Set(instances.map((instance) => instance.image))).toEqual(new Set([id]));
  });

  test('one that the registry does not have is one clear error', async () => {
    shop.configure(
      `images: { registry: "${registry}", tag: none, overrides: { memcached: "${registry}/nobody:1" } }\n`,
    );
    expect(await complaints(bringUp)).toEqual([
      expect.stringMatching(/^KLG-406 .*\/ours\/nobody:1 cannot be pulled/),
    ]);
  });

  /** Gives the images that were pulled. */
  async function bringUp(): Promise<string[]> {
    const told: Pulling[] = [];
    await up({
      folder: shop.folder,
      emit: () => undefined,
      planned: () => undefined,
      pulling: (one) => told.push(one),
      signal: new AbortController().signal,
    });
    return told.flatMap((one) => (one.seconds === null ? [] : [one.image]));
  }
});

async function listening(server: ChildProcess): Promise<void> {
  const said = Promise.withResolvers<void>();
  if (server.stderr)
    createInterface({ input: server.stderr }).on('line', (line) => {
      if (line.includes('listening on')) said.resolve();
    });
  server.once('exit', () => said.reject(new Error('the registry ended')));
  await said.promise;
}

function docker(...args: string[]): void {
  execFileSync('docker', args, { stdio: 'pipe' });
}
