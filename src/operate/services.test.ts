import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { switchServices } from './services.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kollage-services-'));
  const write = (path: string, text: string) => {
    mkdirSync(join(folder, path, '..'), { recursive: true });
    writeFileSync(join(folder, path), text);
  };
  write(
    'catalog/catalog.yaml',
    'catalog: c\ntitle: C\nprofiles: { p: { title: P, default: true, services: [db] } }\n',
  );
  const service = (name: string, requires: string) =>
    write(`catalog/${name}/service.yaml`, `service: ${name}\ntitle: ${name}\nrequires: [${requires}]\n`);
  service('db', '');
  service('cache', '');
  service('key', 'db, cache');
  service('web', 'key');
  configure();
});
afterEach(() => rmSync(folder, { recursive: true }));

const configure = (more = '') =>
  writeFileSync(join(folder, 'kollage.yaml'), `name: c # mine\ncatalog: ./catalog\n${more}`);
const file = () => readFileSync(join(folder, 'kollage.yaml'), 'utf8');

test('a service brings along what it cannot do without, and the file says so', async () => {
  const switched = await switchServices(folder, { with: ['web'] });
  expect(Object.fromEntries(switched)).toEqual({ cache: true, key: true, web: true });
  expect(file()).toBe(
    'name: c # mine\ncatalog: ./catalog\n\nservices:\n  web: true\n  key: true\n  cache: true\n',
  );
  expect((await switchServices(folder, { with: ['web'] })).size).toBe(0);
  expect(Object.fromEntries(await switchServices(folder, { without: ['web'] }))).toEqual({ web: false });
  expect(file()).toContain('  web: false\n');
});

test.each([
  [
    'without what another needs',
    '',
    { with: ['web'], without: ['db'] },
    'key is on and needs db, which is off',
  ],
  ['with one whose need the file forbids', 'services: { cache: false }\n', { with: ['key'] }, 'needs cache'],
  ['with one that is not there', '', { with: ['wep'] }, 'there is no service wep; did you mean web?'],
])('%s, nothing is written', async (_, more, switched, message) => {
  configure(more);
  const before = file();
  await expect(switchServices(folder, switched)).rejects.toThrow(message);
  expect(file()).toBe(before);
});

test('nothing switched reads nothing', async () => {
  expect((await switchServices('/no/such/folder', {})).size).toBe(0);
});
