import { execFileSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { destroy } from '../../src/operate/destroy.ts';
import { scratch } from '../support/folders.ts';
import { Running } from './running.ts';
import { makeShop } from './shop.ts';

/* What a component made on its node outside of its container goes with the deployment, whatever became of the container. */

const name = 'kollage-test-destroy';
const node = scratch();
const made = join(node, 'made');
const shop = makeShop(name, 22461);
shop.define('web', (text) =>
  text.replace(
    '    endpoints: { back:',
    `    cleanup: [rm, /node/made]
    mounts: [{ host: ${node}, path: /node }]
    user: root
    endpoints: { back:`,
  ),
);
const running = new Running(shop.folder);

function docker(...args: string[]): void {
  execFileSync('docker', args, { stdio: 'ignore' });
}

beforeEach(async () => {
  await running.up();
  writeFileSync(made, '');
});

afterAll(() => running.destroy());

test.each<[string, () => void]>([
  ['runs', () => undefined],
  ['was stopped', () => docker('stop', `${name}-web-back`)],
  [
    'was removed, as what it waits for',
    () => docker('rm', '--force', `${name}-web-back`, `${name}-store-server`),
  ],
])('of one that %s', async (_, harm) => {
  harm();
  expect(await destroy(shop.folder, { data: false })).toEqual({ name, left: [] });
  expect(existsSync(made)).toBe(false);
});

test('what cannot be taken away is said, and the rest goes all the same', async () => {
  // The command fails: there is nothing of that name.
  docker('exec', `${name}-web-back`, 'rm', '/node/made');
  const { left } = await destroy(shop.folder, { data: false });
  expect(left).toEqual([
    expect.stringMatching(/^web\/back may have left something on its node: .*No such file/),
  ]);
  expect(
    execFileSync('docker', ['ps', '--all', '--quiet', '--filter', `name=${name}`], { encoding: 'utf8' }),
  ).toBe('');
});
