import { expect, test } from 'vitest';
import { compileTest, type TestCatalog } from '../../compile/testing.ts';
import { KollageError } from '../../model/error.ts';
import { choose } from './choose.ts';

const service = {
  image: 'app',
  tasks: { verify: { phase: 'verify', command: 'true' } },
  components: { api: { command: 'serve' } },
} as const;
const catalog: TestCatalog = { services: { web: service, shop: service } };
const { desired, proofs } = compileTest(catalog);
const tasks = proofs.filter((proof) => proof.kind === 'task');
const ids = (names: string[]) => choose(tasks, names, desired).map(({ id }) => id);

test.each([
  [[], ['shop/verify', 'web/verify']],
  [['web'], ['web/verify']],
  [['web/verify'], ['web/verify']],
  [
    ['shop', 'web'],
    ['shop/verify', 'web/verify'],
  ],
])('%j chooses %j', (names, expected) => {
  expect(ids(names)).toEqual(expected);
});

function code(run: () => unknown): string {
  try {
    run();
    return 'no error';
  } catch (error) {
    return error instanceof KollageError ? `${error.code} ${error.message}` : 'another error';
  }
}

test('a name that none has, and the nearest one', () => {
  expect(code(() => ids(['wep']))).toMatch(/^KLG-105 .*wep.*web/);
});

test('a service that brings none, or of which nothing runs', () => {
  expect(code(() => choose([], [], desired))).toMatch(/^KLG-105/);
  expect(code(() => choose(tasks, [], { resources: [] }))).toMatch(/^KLG-507 .*was not brought up/);
});
