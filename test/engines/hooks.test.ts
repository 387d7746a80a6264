import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Running } from './running.ts';
import { makeShop } from './shop.ts';

/* Hooks of the real program, and who may answer what they ask. */

const name = 'kollage-hooks';
const settings = `hooks:
  web:
    before: [{ pause: All told? }]
    after: [{ command: touch after, name: mark }, { command: test -e /etc/hosts, in: web/back }]
`;
const { folder, configure, override } = makeShop(name, 21911, settings);
const running = new Running(folder);
/** Another value in a file of web's. */
const paint = (colour: string) => override('web/web-front.conf', `[web]\ncolour = ${colour}\n`);

beforeAll(() => running.up());
afterAll(() => running.destroy());

/** Runs `kollage up`: on a terminal where there are steps (pty.py). */
async function up(steps: readonly (readonly unknown[])[] | null, ...options: string[]) {
  const program = [join(import.meta.dirname, '../../kollage'), 'up', '-f', folder, ...options];
  const words = steps ? ['python3', join(import.meta.dirname, 'pty.py'), ...program] : program;
  const [command = '', ...args] = words;
  const child = spawn(command, args, { env: { ...process.env, TERM: 'xterm' } });
  child.stdin.end((steps ?? []).map((step) => JSON.stringify(step)).join('\n'));
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
  return { code, said: out + err };
}

test('there is no before the first time, and what is on the host runs in the folder', () => {
  expect(existsSync(join(folder, 'after'))).toBe(true);
});

test('nobody is asked about a service that does not change', async () => {
  configure('services: { store: { options: { memory: 17 } } }\n');
  expect((await up(null)).code).toBe(0);
});

test('where nobody can answer, that is said before anything is touched', async () => {
  paint('red');
  const { code, said } = await up(null);
  expect(said).toContain('KLG-515');
  expect(code).toBe(1);
  expect((await running.ailing()).length).toBe(0);
});

test('a no takes the change back, and it may be tried again; Ctrl-C is for the command; a yes goes on', async () => {
  const asked = ['until', 'All told? Type yes: '];
  const no = await up([asked, ['send', 'no\r']]);
  expect([no.code, no.said]).toEqual([1, expect.stringContaining('KLG-515')]);
  const interrupted = await up([asked, ['send', '\u0003']]);
  expect([interrupted.code, interrupted.said]).toEqual([1, expect.stringContaining('KLG-506')]);
  const yes = await up([asked, ['send', 'yes\r']]);
  expect([yes.code, yes.said]).toEqual([0, expect.stringContaining('healthy')]);
  expect((await running.up()).number).toBeNull();
  expect(await running.ailing()).toEqual([]);
});

test('--yes answers all', async () => {
  paint('green');
  expect((await up(null, '--yes')).code).toBe(0);
});
