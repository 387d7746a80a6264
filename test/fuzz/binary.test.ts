import { afterAll, describe, expect, test } from 'vitest';
import { kollage } from '../cli/kollage.ts';
import { mark } from './law.ts';
import { type Case, folderCases, jinjaCases, yamlCases } from './nasty.ts';
import { type Edit, Sandbox } from './sandbox.ts';

const sandbox = new Sandbox();
afterAll(() => sandbox[Symbol.dispose]());

const all = [...yamlCases, ...jinjaCases, ...folderCases];
const named = (name: string): Case => {
  const found = all.find(([own]) => own === name);
  if (!found) throw new Error(`no case ${name}`);
  return found;
};

/** The nastiest of the cases, through the program that people run. */
const nastiest: readonly Case[] = [
  ...[
    'kollage.yaml: an alias bomb',
    'kollage.yaml: brackets nested 50,000 deep',
    'kollage.yaml: 60,000 keys',
    'config/global.conf: a macro that calls itself twice',
    'an override that is no YAML',
    'a catalog with a line break in its name',
    'an option refused by a pattern that backtracks',
    'a variable that grows in templates',
    'libraries that include each other',
    'secrets that are broken YAML',
    'needs in a circle',
  ].map(named),
  [
    'a text doubled without end',
    '*',
    {
      path: 'config/global.conf',
      write:
        "[DEFAULT]\na = {% set ns = namespace(s='x') %}{% for i in range(60) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}{{ ns.s }}\n",
    },
  ],
  ['a pipe in place of the secrets', 'KLG-108', { path: 'passwords.yml', make: 'pipe' }],
  ['a device in place of an override', 'KLG-106', { path: 'config/global.conf', link: '/dev/zero' }],
];

async function broken(edits: readonly Edit[], args: readonly string[]) {
  sandbox.break(edits);
  try {
    const before = sandbox.listing();
    const ended = await kollage([...args, '-f', sandbox.folder]);
    expect(sandbox.listing()).toEqual(before);
    return ended;
  } finally {
    sandbox.mend(edits);
  }
}

describe('kollage plan', () => {
  test.each(nastiest.map((one) => [one[0], one] as const))(
    '%s',
    { timeout: 60_000 },
    async (_, [, ends, ...edits]) => {
      const { code, stdout, stderr } = await broken(edits, ['plan', '--json']);
      expect(stderr + stdout).not.toContain(mark);
      // A conflict is found with a whole plan in hand, which is then printed; anything else leaves the output empty.
      if (stdout !== '')
        expect(JSON.parse(stdout)).toMatchObject({
          findings: expect.arrayContaining([expect.objectContaining({ code: ends, severity: 'error' })]),
        });
      else {
        const lines = stderr.trimEnd().split('\n');
        expect(lines[0]).toMatch(/^error\[KLG-[1-5]\d\d\] (\S+: )?\S/);
        for (const line of lines)
          expect(line).toMatch(/^(error|warning)\[KLG-\d{3}\] |^ {2}(kept|next): |^\d+ more like these\.$/);
        expect(stderr).not.toMatch(/KLG-9|\n +at |[^\P{Cc}\n]/u);
        expect(lines.length).toBeLessThan(60);
        if (ends !== '*') expect(lines[0]).toContain(`error[${ends}]`);
      }
      expect(code).toBe(1);
    },
  );
});

test.each([['render'], ['graph'], ['secrets', '--list'], ['secrets']])(
  'kollage %s of a broken folder prints its mistake and nothing else',
  async (...args) => {
    const ended = await broken(
      [{ path: 'kollage.yaml', change: (text) => text.replace('name: shop', 'nmae: shop') }],
      args,
    );
    expect(ended).toEqual({
      code: 1,
      stdout: '',
      stderr: `error[KLG-103] ${sandbox.folder}/kollage.yaml:1:1: unknown key nmae; did you mean name?
  kept: Nothing was changed.
  next: Use the nearest right name if that was meant, else remove the key.
`,
    });
  },
);

test('a file that may not be read is named', async ({ skip }) => {
  // Rights do not hold root back, so the program is then run as nobody, where nobody can reach it.
  const who = process.getuid?.() === 0 ? { uid: 65_534 } : {};
  if ((await kollage(['--version'], who)).code !== 0) skip();
  sandbox.break([{ path: 'globals.yml', mode: 0o000 }]);
  try {
    const { code, stderr } = await kollage(['plan', '-f', sandbox.folder], who);
    const file = `${sandbox.folder}/globals.yml`;
    expect([code, stderr.split('\n')[0]]).toEqual([
      1,
      `error[KLG-108] ${file}: ${file} may not be read: rights are missing`,
    ]);
  } finally {
    sandbox.mend([{ path: 'globals.yml', make: 'nothing' }]);
  }
});
