import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import { compile } from '../../src/compile/compile.ts';
import { engineTraits } from '../../src/engines/traits.ts';
import type { ConfigFile } from '../../src/model/resource.ts';
import { everything } from './everything.ts';

/* The programs that the catalog ships as configuration files, as they are rendered. */

const { catalog, deployment } = everything('2025.1');
const { desired } = compile({ catalog, deployment, engine: engineTraits.docker });
const files = new Map<string, ConfigFile>(
  desired.resources.flatMap((resource) =>
    resource.kind === 'config' ? resource.files.map((file) => [file.hash, file] as const) : [],
  ),
);
const named = (ending: string) => [...files.values()].filter(({ name }) => name.endsWith(ending));

function temporary(): string {
  const folder = mkdtempSync(join(tmpdir(), 'kollage-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

beforeAll(() => {
  expect(named('.py').length).toBeGreaterThan(4);
  expect(named('.sh').length).toBeGreaterThan(3);
});

test('Python programs and settings are Python', () => {
  // One interpreter for all of them: starting one takes longer than what it does.
  const check = 'import json, sys; [compile(text, name, "exec") for name, text in json.load(sys.stdin)]';
  const input = JSON.stringify(named('.py').map(({ name, content }) => [name, content]));
  execFileSync('python3', ['-I', '-c', check], { input });
});

test('shell scripts are shell scripts', () => {
  for (const { content } of named('.sh')) execFileSync('bash', ['-n'], { input: content });
});

test('JSON files are JSON', () => {
  for (const { content } of named('.json')) expect(() => JSON.parse(content)).not.toThrow();
});

test('keys are made once, for their owner alone, in the form of Fernet', () => {
  const folder = temporary();
  const [program] = named('keys.py');
  writeFileSync(join(folder, 'keys.py'), program?.content ?? '');
  const keys = join(folder, 'keys');
  mkdirSync(keys);
  const make = () => execFileSync('python3', ['-I', join(folder, 'keys.py'), keys]);
  make();
  const made = () => readdirSync(keys).map((name) => [name, readFileSync(join(keys, name), 'utf8')]);
  const first = made();
  expect(first.map(([name]) => name)).toEqual(['0', '1']);
  expect(new Set(first.map(([, key]) => key)).size).toBe(2);
  for (const [name, key] of first) {
    expect(key).toMatch(/^[\w-]{43}=$/);
    expect(statSync(join(keys, String(name))).mode & 0o777).toBe(0o600);
  }
  make();
  expect(made()).toEqual(first);
});
