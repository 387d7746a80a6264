import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Resource } from '../model/resource.ts';
import { handOver, takeBackAccess } from './access.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kollage-access-'));
  secret('first');
});
afterEach(() => rmSync(folder, { recursive: true }));

const secret = (value: string) =>
  writeFileSync(join(folder, 'passwords.yml'), `key: ${value}\nkollage_fingerprint_key: k\n`);
const file = (name = 'cloud.rc') => join(folder, name);
const text = () => readFileSync(file(), 'utf8');
const ignored = () => readFileSync(file('.gitignore'), 'utf8');

function state(content = 'key=@{secret.key|quote}\n'): { resources: Resource[] } {
  const name = 'cloud.rc';
  const rest = { path: '/x', owner: null, mode: '0600', onChange: 'nothing', hash: '', sources: [] } as const;
  return {
    resources: [
      { kind: 'config', id: 'web/access', files: [{ name, content, ...rest }] },
      { kind: 'config', id: 'web/other', files: [{ name: 'other', content, ...rest }] },
      {
        kind: 'access',
        id: 'web/access',
        service: 'web',
        config: 'web/access',
        secrets: ['key'],
        links: {},
        user: null,
        password: null,
        examples: [],
      },
    ],
  };
}

test('the file has its secret, is for its owner alone, and stays out of the repository', async () => {
  const { files, findings } = await handOver(folder, state());
  expect([files, findings]).toEqual([[file()], []]);
  expect(text()).toBe('key=first\n');
  expect(statSync(file()).mode & 0o777).toBe(0o600);
  expect(ignored()).toBe('/cloud.rc\n');
});

test('what is right is not written again; a new secret is', async () => {
  await handOver(folder, state());
  const { ino } = statSync(file());
  await handOver(folder, state());
  expect(statSync(file()).ino).toBe(ino);
  secret('second');
  await handOver(folder, state());
  expect([text(), ignored()]).toEqual(['key=second\n', '/cloud.rc\n']);
});

test('what somebody wrote or changed is left alone, and said', async () => {
  writeFileSync(file(), 'mine\n');
  const first = await handOver(folder, state());
  expect(first.findings).toMatchObject([{ code: 'KLG-127', severity: 'warning' }]);
  expect([first.files, text()]).toEqual([[], 'mine\n']);
  rmSync(file());
  await handOver(folder, state());
  writeFileSync(file(), `${text()}# mine\n`);
  secret('second');
  expect((await handOver(folder, state())).findings).toMatchObject([{ code: 'KLG-127' }]);
  expect(text()).toBe('key=first\n# mine\n');
});

test('without the platform they go, apart from what somebody changed', async () => {
  await handOver(folder, state());
  takeBackAccess(folder);
  expect(() => text()).toThrow('ENOENT');
  await handOver(folder, state());
  writeFileSync(file(), 'mine\n');
  takeBackAccess(folder);
  expect(text()).toBe('mine\n');
});
