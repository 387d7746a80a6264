import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { valueAt } from '../../src/load/schema/walk.ts';
import { deploymentFile } from '../../src/model/deployment.ts';
import { catalogFile, service, trait } from '../../src/model/service.ts';
import { hear, judge } from './law.ts';
import { Runner } from './outcome.ts';
import { Sandbox, sound } from './sandbox.ts';
import { schemaPaths, withValue } from './schema-paths.ts';

const sandbox = new Sandbox();
const runner = new Runner();
afterAll(async () => {
  sandbox[Symbol.dispose]();
  await runner[Symbol.asyncDispose]();
});

/** Values of every kind, some of which are wrong wherever they stand. */
const values: readonly unknown[] = [
  null,
  true,
  -1,
  1.5,
  '',
  'no such thing',
  [],
  [[]],
  {},
  { constructor: { x: 1 } },
  '{{ no.such.thing }}',
  '{{ [1, options] }}',
  '{{ secret("web_key") }}',
  '\u001B[31m\n\u0000',
  Number.MAX_SAFE_INTEGER,
  '$(id) ../../x',
];

/** Names that stand in the sound folder where any may. */
const names: Readonly<Record<string, string>> = {
  services: 'web',
  components: 'api',
  nodes: 'node-[01:01]',
  roles: 'everything',
  releases: '2',
  profiles: 'whole',
  tasks: 'migrate',
  endpoints: 'http',
  config: 'web.conf',
  volumes: 'data',
  traits: 'database',
  parameters: 'user',
  secrets: 'db_password',
};

function isMap(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

describe.each([
  ['kollage.yaml', deploymentFile, 'region'],
  ['catalog/catalog.yaml', catalogFile, 'region'],
  ['catalog/web/service.yaml', service, 'workers'],
  ['catalog/traits/database.yaml', trait, 'database_pool'],
] as const)('%s', (file, schema, option) => {
  const data: unknown = parse(readFileSync(join(sound, file), 'utf8'));
  const paths = schemaPaths(schema, (path) =>
    path.at(-1) === 'options'
      ? path.length > 1
        ? 'workers'
        : option
      : (names[String(path.at(-1))] ?? 'any'),
  );
  const write = (changed: unknown) => [{ path: file, write: JSON.stringify(changed, null, 1) }];

  test('the schema is walked', () => {
    expect(paths.length).toBeGreaterThan(20);
  });

  test('a value of another kind at every key: one clear outcome', { timeout: 120_000 }, async () => {
    for (const [index, { path }] of paths.entries()) {
      // In turn, so that all of the values are tried at a few neighbours.
      const value = values[(index * 5) % values.length];
      const { outcome, complaints } = await hear(sandbox, runner, write(withValue(data, path, value)));
      expect([path, value, outcome.kind, complaints]).toEqual([path, value, outcome.kind, []]);
    }
  });

  test('an unknown key in every map with fixed keys: it is named where it stands', {
    timeout: 120_000,
  }, async () => {
    for (const { path } of paths.filter(({ path, strict }) => strict && isMap(valueAt(data, path)))) {
      const changed = withValue(data, [...path, 'zzz-unknown'], 1);
      const { kind, findings } = await judge(sandbox, runner, write(changed));
      const told = findings.find(({ message }) => message.includes('zzz-unknown'));
      const line =
        1 +
        JSON.stringify(changed, null, 1)
          .split('\n')
          .findIndex((text) => text.includes('zzz-unknown'));
      expect([path, kind, told?.code, told?.place?.line]).toEqual([path, 'refused', 'KLG-103', line]);
    }
  });
});
