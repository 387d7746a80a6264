import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { KollageEvent } from '../../src/model/event.ts';
import { destroy } from '../../src/operate/destroy.ts';
import { ensureSecrets } from '../../src/operate/secrets.ts';
import { status } from '../../src/operate/status.ts';
import { up } from '../../src/operate/up.ts';
import { verify } from '../../src/operate/verify.ts';
import { hostState } from '../engines/host-state.ts';
import { scratch } from '../support/folders.ts';

/*
 * The whole all-in-one of the catalog, from nothing to nothing: every service really runs and can be used, every image's process stops
 * when it is told to, and the host is afterwards as it was. It takes the ports that an all-in-one has.
 */

const name = 'kollage-test-cloud';
const never = new AbortController().signal;
const folder = scratch();
let before: ReturnType<typeof hostState>;

beforeAll(async () => {
  before = hostState(name);
  writeFileSync(join(folder, 'kollage.yaml'), `name: ${name}\n`);
  writeFileSync(join(folder, 'passwords.yml'), '');
  await ensureSecrets(folder);
});

afterAll(() => destroy(folder, { data: false }));

function docker(...args: string[]): string {
  return execFileSync('docker', args, { encoding: 'utf8' });
}

test('everything comes up and is healthy', async () => {
  expect(await up({ folder, emit: () => undefined, planned: () => undefined, signal: never })).toBe(1);
  expect((await status(folder)).workloads.filter(({ state }) => state !== 'healthy')).toEqual([]);
});

test('a user can use it: every proof holds', async () => {
  const steps: string[] = [];
  const emit = (event: KollageEvent) => {
    if (event.type === 'step') steps.push(`${event.key} ${event.text}`);
    if (event.type === 'change-failed') steps.push(event.message, ...event.logs);
  };
  const [planned, file] = [() => undefined, () => undefined];
  const failed = await verify({ folder, names: [], planned, emit, file, signal: never }).catch(String);
  expect(failed, steps.join('\n')).toBeUndefined();
  const cleaned = steps.filter((step) => step.includes('everything is taken away again'));
  expect(cleaned.length, steps.join('\n')).toBe(6);
});

/** What others need stops last: a service that has lost its broker has nobody to say goodbye to. */
const needed = ['keystone-api', 'rabbitmq-server', 'mariadb-server', 'memcached-server'].map(
  (container) => `${name}-${container}`,
);

test("every image's process ends when it is told to, before Docker kills it", () => {
  const filter = ['--filter', `label=io.kollage.deployment=${name}`];
  const all = docker('ps', ...filter, '--format', '{{.Names}}')
    .trim()
    .split('\n')
    .sort();
  // Open vSwitch stays for the clean-up of its bridges, which the next test asks for.
  const first = all.filter((container) => !container.includes('openvswitch-') && !needed.includes(container));
  const killed = [...first, ...needed].filter((container) => {
    docker('stop', container);
    return docker('inspect', '--format', '{{.State.ExitCode}}', container).trim() === '137';
  });
  expect(killed).toEqual([]);
});

test('destroyed, the host is as it was', async () => {
  await destroy(folder, { data: false });
  expect(hostState(name)).toEqual(before);
});
