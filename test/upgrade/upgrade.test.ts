import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { destroy } from '../../src/operate/destroy.ts';
import { ensureSecrets } from '../../src/operate/secrets.ts';
import { status } from '../../src/operate/status.ts';
import { up } from '../../src/operate/up.ts';
import { upgrade } from '../../src/operate/upgrade.ts';
import { scratch } from '../support/folders.ts';
import { at, belongings, Cloud, settle } from './cloud.ts';
import { downtime, told } from './downtime.ts';
import { counted } from './guest.ts';

/*
 * A whole all-in-one with a server, an image, networks and a stack in it, upgraded for real: all is still there afterwards, and the server was
 * never stopped. Prints for how long each API was away. It takes the ports that an all-in-one has.
 */

const name = 'kollage-test-upgraded';
const folder = scratch();
const { signal } = new AbortController();
const quiet = { emit: () => undefined, signal };

afterEach(() => destroy(folder, { data: false }));

test.each([
  ['2025.1', '2026.2'],
  ['zed', '2025.1'],
])('from %s to %s all that users have stays, and the server is never stopped', async (from, to) => {
  writeFileSync(join(folder, 'kollage.yaml'), `name: ${name}\nrelease: "${from}"\n`);
  writeFileSync(join(folder, 'passwords.yml'), '');
  await ensureSecrets(folder);
  await up({ folder, planned: () => undefined, ...quiet });
  const cloud = new Cloud(folder);
  await cloud.login();
  const ids = await settle(cloud);
  const before = await belongings(cloud, ids);
  const counts = counted(await cloud.console(ids.server));

  const stop = new AbortController();
  const watching = downtime(stop.signal);
  const began = performance.now();
  const none = () => undefined;
  await upgrade({
    folder,
    release: to,
    planned: none,
    checking: none,
    follows: none,
    agreed: async () => {},
    ...quiet,
  });
  const seconds = Math.round((performance.now() - began) / 1000);
  stop.abort();
  process.stdout.write(`${from} to ${to}: ${seconds} s\n${told(await watching)}`);

  expect(readFileSync(join(folder, 'kollage.yaml'), 'utf8')).toBe(`name: ${name}\nrelease: "${to}"\n`);
  expect((await status(folder)).workloads.filter(({ state }) => state !== 'healthy')).toEqual([]);
  await cloud.login();
  expect(await belongings(cloud, ids)).toEqual(before);
  const later = counted(await cloud.console(ids.server));
  // One line for each second, none of them a beginning: the console counts on from where it was.
  expect(later.slice(0, counts.length)).toEqual(counts);
  expect(later).toEqual(later.map((_, index) => index + 1));
  expect(later.length).toBeGreaterThan(counts.length);
  const agents = await cloud.ask('neutron', 'GET', '/v2.0/agents');
  expect(JSON.stringify(at(agents, 'agents'))).not.toContain('"alive":false');
});
