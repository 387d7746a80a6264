import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { destroy } from '../../src/operate/destroy.ts';
import { deploymentHome } from '../../src/state/home.ts';
import { scratch } from '../support/folders.ts';
import { makeShop } from './shop.ts';

/* What a person runs in a platform that is up: tools and commands in containers, with and without a terminal. */

const name = 'kollage-tools';
const program = resolve(import.meta.dirname, '../../kollage');
const shop = makeShop(name, 22441);
const folder = scratch();

beforeAll(async () => {
  appendFileSync(
    join(shop.folder, '../catalog/web/service.yaml'),
    `tools:
  shop: { doc: A shell, command: sh, config: [web.conf], env: { SHOP: "{{ deployment.name }}" } }
access: { files: [web.conf] }
`,
  );
  expect(await run(['up'])).toMatchObject({ code: 0 });
});

afterAll(() => destroy(shop.folder, { data: false }));

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs `kollage` in the scratch folder, with the shop as its deployment. */
async function run(args: readonly string[], input = ''): Promise<Ran> {
  const child = start(program, args);
  child.stdin.end(input);
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
  return { code, out, err };
}

function start(command: string, args: readonly string[]) {
  return spawn(command, args, { cwd: folder, env: { ...process.env, KOLLAGE_FOLDER: shop.folder } });
}

/** The same on a terminal (pty.py). */
async function onTerminal(args: readonly string[], steps: readonly (readonly unknown[])[]): Promise<Ran> {
  const child = start('python3', [join(import.meta.dirname, 'pty.py'), program, ...args]);
  child.stdin.end(steps.map((step) => JSON.stringify(step)).join('\n'));
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
  return { code, out, err };
}

describe('a tool', () => {
  test('is given all arguments, its files and our standard input, and ends with its own exit code', async () => {
    const script = 'echo "$1 $SHOP"; cat /etc/web.conf; cat; echo wrong >&2; exit 7';
    const { code, out, err } = await run(['shop', '-c', script, '--', '--folder'], 'from outside\n');
    expect([code, err]).toEqual([7, 'wrong\n']);
    expect(out).toContain(`--folder ${name}\n`);
    expect(out).toContain(`password = hunter2-${name}\n`);
    expect(out).toMatch(/from outside\n$/);
  });

  test('stands where we stand, reads and writes our files as ourselves', async () => {
    writeFileSync(join(folder, 'in'), 'something');
    const { out } = await run(['shop', '-c', 'pwd; cp in out; env']);
    expect(out.split('\n')[0]).toBe(folder);
    expect(readFileSync(join(folder, 'out'), 'utf8')).toBe('something');
    expect(statSync(join(folder, 'out')).uid).toBe(process.getuid?.());
    expect(out).not.toContain('hunter2');
  });

  test('leaves nothing behind', () => {
    expect(readdirSync(join(deploymentHome(name), 'config')).filter((one) => one.includes('shop'))).toEqual(
      [],
    );
  });

  test('is interrupted as we are', async () => {
    const child = start(program, [
      'shop',
      '-c',
      'trap "exit 9" INT; echo ready; while :; do sleep 0.1; done',
    ]);
    await once(createInterface({ input: child.stdout }), 'line');
    child.kill('SIGINT');
    expect(await once(child, 'exit')).toEqual([9, null]);
  });

  test('is a shell on our terminal, of its size', async () => {
    const { code, out } = await onTerminal(
      ['shop'],
      [
        ['until', '# '],
        ['size', 50, 120],
        ['send', 'until [ "$(stty size)" = "50 120" ]; do sleep 0.1; done; echo now $((1+1))\r'],
        ['until', 'now 2'],
        ['send', 'sh -c \'trap "exit 3" INT; echo be""gun; while :; do sleep 0.1; done\'\r'],
        ['until', 'begun'],
        ['send', '\x03'],
        ['send', 'exit 5\r'],
      ],
    );
    expect([code, out.includes('now 2')]).toEqual([5, true]);
  });

  test('that nobody brings is an unknown command, with the nearest right word', async () => {
    const { code, err } = await run(['shpo']);
    expect([code, err]).toEqual([1, expect.stringContaining("unknown command 'shpo'; did you mean shop?")]);
  });

  test('stands in the help', async () => {
    expect((await run(['--help'])).out).toMatch(/Tools of this deployment.*\n {2}shop {2}A shell/);
  });
});

describe('a command in a container', () => {
  test('is joined to us, and ends with its own exit code', async () => {
    const script = 'read word; echo "$word $1"; exit 6';
    const ran = await run(['exec', 'web/front', '--', 'sh', '-c', script, 'sh', '-n'], 'hello\n');
    expect(ran).toEqual({ code: 6, out: 'hello -n\n', err: '' });
  });

  test('without one it is a shell on our terminal', async () => {
    const { code } = await onTerminal(
      ['exec', 'web/front'],
      [
        ['until', '$ '],
        ['send', 'test -t 0 && exit 4\r'],
      ],
    );
    expect(code).toBe(4);
  });

  test.each([
    ['web', 'web is several: web/back, web/front'],
    ['web/fron', 'there is no component web/fron; did you mean web/front?'],
  ])('%s is not clear', async (component, message) => {
    const { code, err } = await run(['exec', component]);
    expect([code, err]).toEqual([1, expect.stringContaining(message)]);
  });
});
