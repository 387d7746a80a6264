import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { destroy } from '../../src/operate/destroy.ts';
import { planDeployment } from '../../src/operate/plan.ts';
import { rollback } from '../../src/operate/rollback.ts';
import { up } from '../../src/operate/up.ts';
import { makeShop, type Shop } from './shop.ts';

/* That a change does to what runs what its plan says, and no more, on a real Docker daemon. */

const name = 'kollage-modes';
const front = `${name}-web-front`;
let shop: Shop;

beforeAll(async () => {
  shop = makeShop(name, 21731);
  await bringUp();
});

afterAll(async () => {
  await destroy(shop.folder, { data: false });
});

async function bringUp(): Promise<void> {
  const signal = new AbortController().signal;
  await up({ folder: shop.folder, emit: () => undefined, planned: () => undefined, signal });
}

/** Changes the definition of the web service. */
function define(from: string, to: string): void {
  const file = join(shop.folder, '../catalog/web/service.yaml');
  const text = readFileSync(file, 'utf8');
  expect(text).toContain(from);
  writeFileSync(file, text.replace(from, to));
}

function docker(...args: string[]): string {
  return execFileSync('docker', args, { encoding: 'utf8' }).trim();
}

const idOf = (container: string) => docker('inspect', '--format', '{{.Id}}', container);
const inside = (...command: string[]) => docker('exec', '--user', 'root', front, ...command);

async function modeOfFront(): Promise<string | undefined> {
  const { changes } = await planDeployment({ folder: shop.folder });
  return changes.find(({ key }) => key === 'workload:web/front')?.mode;
}

async function nothingToDo(): Promise<void> {
  expect((await planDeployment({ folder: shop.folder })).changes).toEqual([]);
}

test('in place: the file changes, the process does not notice, and there is nothing more to do', async () => {
  define('main: true, owner: root }', 'main: true, owner: root, onChange: nothing }');
  await bringUp();
  const before = idOf(front);
  shop.override('web/web-front.conf', '[web]\ncolour = red\n');
  expect(await modeOfFront()).toBe('in-place');
  await bringUp();
  expect(idOf(front)).toBe(before);
  expect(inside('cat', '/etc/web.conf')).toContain('colour = red');
  await nothingToDo();
});

test('reload: the same, and its command is run inside', async () => {
  define('onChange: nothing', 'onChange: reload');
  define('needs: [{ task: setup }', 'reload: { command: touch /tmp/reloaded }\n    needs: [{ task: setup }');
  await bringUp();
  const before = idOf(front);
  shop.override('web/web-front.conf', '[web]\ncolour = green\n');
  expect(await modeOfFront()).toBe('reload');
  await bringUp();
  expect(idOf(front)).toBe(before);
  expect(inside('cat', '/etc/web.conf')).toContain('colour = green');
  expect(inside('ls', '/tmp/reloaded')).toBe('/tmp/reloaded');
  await nothingToDo();
});

test('an image that was rebuilt under its name is noticed, and brought in', async () => {
  const image = `${name}:1`;
  docker('tag', 'kollage/memcached:2025.1', image);
  try {
    shop.configure(`services: { web: { components: { back: { image: "${image}" } } } }\n`);
    await bringUp();
    const before = docker('inspect', '--format', '{{.Image}}', `${name}-web-back`);
    const container = docker('create', image);
    docker('commit', container, image);
    docker('rm', container);
    const { changes } = await planDeployment({ folder: shop.folder });
    expect(changes.map(({ key, mode }) => [key, mode])).toEqual([['workload:web/back', 'replace']]);
    await bringUp();
    expect(docker('inspect', '--format', '{{.Image}}', `${name}-web-back`)).not.toBe(before);
    await nothingToDo();
    // Back means the bytes of then, not what the name means now.
    const signal = new AbortController().signal;
    await rollback({
      folder: shop.folder,
      planned: async () => true,
      emit: () => undefined,
      signal,
    });
    expect(docker('inspect', '--format', '{{.Image}}', `${name}-web-back`)).toBe(before);
    shop.configure();
    await bringUp();
  } finally {
    docker('rmi', '--force', image);
  }
});
