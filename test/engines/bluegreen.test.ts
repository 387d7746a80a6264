import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readReplicas, writeReplicas } from '../../src/operate/scale.ts';
import { makeBalanced } from './balanced.ts';
import { type Asking, whileAsking } from './load.ts';
import { Running } from './running.ts';

/* What stands behind HAProxy is updated beside what serves: no request is lost, whatever is asked meanwhile. */

const name = 'kollage-test-bluegreen';
const port = 21811;
const url = `http://127.0.0.1:${port}/`;
const { folder, configure } = makeBalanced(name, port);
const running = new Running(folder);

beforeAll(() => running.up());
afterAll(() => running.destroy());

/** A probe every 50 ms, and as many requests as two clients can make, of which each takes the server 0.3 s. */
const asked: readonly Asking[] = [
  { url, every: 50 },
  { url, request: { method: 'POST', body: 'order' }, every: 0 },
  { url, request: { method: 'POST', body: 'order' }, every: 0 },
];

async function nothingIsLostBy(work: () => Promise<unknown>): Promise<void> {
  const loads = await whileAsking(asked, work);
  expect(loads.map(({ failures }) => failures)).toEqual(asked.map(() => ({})));
  for (const { answered } of loads) expect(answered).toBeGreaterThan(1);
}

/** The numbers of the instances that there are. */
function numbers(): number[] {
  const names = execFileSync(
    'docker',
    ['ps', '--filter', `label=io.kollage.deployment=${name}`, '--format', '{{.Names}}'],
    { encoding: 'utf8' },
  );
  return [...names.matchAll(/-web-api(?:-(\d+))?$/gm)].map(([, number = '1']) => Number(number)).sort();
}

const says = async () => (await fetch(url)).text();

test('it is reached through the balancer', async () => {
  expect(await says()).toBe('one');
  expect(numbers()).toEqual([1]);
  expect(await running.ailing()).toEqual([]);
});

test.each([
  ['two', 2],
  ['three', 1],
  ['four', 2],
])('version %s takes over in slot %i', async (version, slot) => {
  configure(version);
  await nothingIsLostBy(() => running.up());
  expect(await says()).toBe(version);
  expect(numbers()).toEqual([slot]);
  expect(await running.ailing()).toEqual([]);
  expect((await running.up()).number).toBeNull();
});

test('one that does not come up changes nothing for who asks', async () => {
  configure('broken');
  await nothingIsLostBy(() => running.failsUp());
  expect(await says()).toBe('four');
  configure('five');
  await nothingIsLostBy(() => running.up());
  expect(await says()).toBe('five');
  expect(numbers()).toHaveLength(1);
});

test('more of them, all updated, and fewer again', async () => {
  configure('five', 3);
  await nothingIsLostBy(() => running.up());
  expect(numbers()).toHaveLength(3);
  configure('six', 3);
  await nothingIsLostBy(() => running.up());
  expect(numbers()).toHaveLength(3);
  expect(await Promise.all(Array.from({ length: 9 }, says))).toEqual(Array.from({ length: 9 }, () => 'six'));
  configure('six');
  await nothingIsLostBy(() => running.up());
  expect(numbers()).toHaveLength(1);
});

test('scaled up and down again, with what is said kept in kollage.yaml', async () => {
  for (const replicas of [3, 1]) {
    await writeReplicas(folder, readReplicas([`web/api=${replicas}`]));
    await nothingIsLostBy(() => running.up());
    expect(numbers()).toHaveLength(replicas);
    expect(await running.ailing()).toEqual([]);
    expect((await running.up()).number).toBeNull();
  }
});

test('the balancer may be taken away, and put in front again', async () => {
  for (const balanced of [false, true]) {
    configure('seven', 1, balanced);
    await running.up();
    expect(await says()).toBe('seven');
    expect(await running.ailing()).toEqual([]);
    expect((await running.up()).number).toBeNull();
  }
});
