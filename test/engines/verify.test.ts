import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { KollageError } from '../../src/model/error.ts';
import type { KollageEvent } from '../../src/model/event.ts';
import { destroy } from '../../src/operate/destroy.ts';
import { planDeployment } from '../../src/operate/plan.ts';
import { up } from '../../src/operate/up.ts';
import { verify } from '../../src/operate/verify.ts';
import { deploymentHome } from '../../src/state/home.ts';
import { makeShop } from './shop.ts';

/* Proofs that a service brings, on a real Docker daemon: how they end, and that nothing of them stays. */

const name = 'kollage-test-verify';
const shop = makeShop(name, 21361);
const never = new AbortController().signal;

/** What it does is the option's: `hold`, `fail` or `hang`. */
const program = `#!/bin/bash
# It says what it knows of the deployment, and cleans up when it is told to stop.
trap 'echo cleaned > /data/cleaned; exit 1' TERM
grep -q hunter2 /etc/web.conf && echo 'kollage: step it has its secret'
echo 'kollage: file picture.png aGVsbG8='
case {{ options.proof }} in
  fail) echo 'the shop is closed'; exit 3 ;;
  hang) echo 'kollage: step it hangs'; sleep infinity & wait ;;
esac
`;

beforeAll(async () => {
  const catalog = join(shop.folder, '../catalog/web');
  const file = join(catalog, 'service.yaml');
  const definition = readFileSync(file, 'utf8')
    .replace('options:\n', 'options:\n  proof: { type: string, doc: What it does., default: hold }\n')
    .replace('config: { ', 'config: { proof.sh: { path: /etc/proof.sh }, ')
    .replace(
      'tasks:\n',
      `tasks:
  verify:
    phase: verify
    command: bash /etc/proof.sh
    user: root
    config: [proof.sh, web.conf]
    mounts: [{ volume: data, path: /data }]
    needs: [{ endpoint: front }]
`,
    );
  writeFileSync(file, definition);
  writeFileSync(join(catalog, 'config/proof.sh.j2'), program);
});

afterAll(() => destroy(shop.folder, { data: false }));

interface Verified {
  readonly error: KollageError | null;
  readonly events: readonly KollageEvent[];
  readonly files: Readonly<Record<string, string>>;
}

/** Verifies, and calls back for each event. */
async function proved(
  names: readonly string[] = [],
  signal = never,
  told: (event: KollageEvent) => void = () => undefined,
): Promise<Verified> {
  const events: KollageEvent[] = [];
  const files: Record<string, string> = {};
  const emit = (event: KollageEvent) => {
    events.push(event);
    told(event);
  };
  const file = (named: string, content: Buffer) => {
    files[named] = content.toString();
  };
  try {
    await verify({ folder: shop.folder, names, planned: () => undefined, emit, file, signal });
    return { error: null, events, files };
  } catch (error) {
    if (error instanceof KollageError) return { error, events, files };
    throw error;
  }
}

const proof = (does: string) => shop.configure(`services: { web: { options: { proof: ${does} } } }\n`);
const steps = ({ events }: Verified) =>
  events.flatMap((event) => (event.type === 'step' ? [event.text] : []));

/** What there is of proofs: containers, records and reports. */
function traces(): string[] {
  const containers = execFileSync('docker', ['ps', '--all', '--format', '{{.Names}}'], { encoding: 'utf8' });
  const store = join(deploymentHome(name), 'store');
  return [
    ...containers.split('\n'),
    ...['tasks', 'outputs', 'waiting'].flatMap((folder) => readdirSync(join(store, folder))),
  ].filter((trace) => trace.includes(name) && trace.includes('verify-web-verify'));
}

test('what was never brought up cannot be proved', async () => {
  expect((await proved()).error?.code).toBe('KLG-507');
});

test('a proof holds, as often as it is asked for, and nothing of it stays', async () => {
  await up({ folder: shop.folder, emit: () => undefined, planned: () => undefined, signal: never });
  for (const names of [[], ['web'], ['web/verify']]) {
    const run = await proved(names);
    expect(run.error).toBeNull();
    expect(steps(run)).toEqual(['it has its secret']);
    expect(run.files).toEqual({ 'web-picture.png': 'hello' });
    expect(run.events.at(-1)).toMatchObject({ type: 'run-ended', outcome: 'done' });
    expect(traces()).toEqual([]);
  }
});

test('a proof is no change of the platform', async () => {
  proof('fail');
  expect((await planDeployment({ folder: shop.folder })).changes).toEqual([]);
});

test('one that fails says why, and nothing of it stays', async () => {
  const run = await proved();
  expect(run.error?.finding).toMatchObject({ code: 'KLG-520', message: '1 of 1 proof failed: web/verify' });
  const failed = run.events.find((event) => event.type === 'change-failed');
  expect(failed).toMatchObject({
    message: 'the shop is closed',
    logs: expect.arrayContaining(['the shop is closed']),
  });
  expect(traces()).toEqual([]);
});

test('a name that nothing has is said before anything runs', async () => {
  const run = await proved(['wep']);
  expect(run.error?.finding).toMatchObject({ code: 'KLG-105' });
  expect(run.error?.message).toContain('web');
  expect(run.events).toEqual([]);
});

test('interrupted, it is told to stop and cleans up; meanwhile nobody else may work on it', async () => {
  proof('hang');
  const interrupt = new AbortController();
  let other: Promise<Verified> | undefined;
  const run = await proved([], interrupt.signal, (event) => {
    if (event.type !== 'step' || event.text !== 'it hangs') return;
    other = proved();
    other.finally(() => interrupt.abort());
  });
  expect((await other)?.error?.code).toBe('KLG-503');
  expect(run.error?.code).toBe('KLG-506');
  expect(run.events.at(-1)).toMatchObject({ type: 'run-ended', outcome: 'interrupted' });
  expect(traces()).toEqual([]);
  const data = `${name}-web-data`;
  const args = [
    'run',
    '--rm',
    '--network',
    'none',
    '--volume',
    `${data}:/data`,
    '--entrypoint',
    'cat',
    'kollage/memcached:2025.1',
  ];
  expect(execFileSync('docker', [...args, '/data/cleaned'], { encoding: 'utf8' })).toBe('cleaned\n');
});
