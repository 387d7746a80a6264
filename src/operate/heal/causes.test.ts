import { expect, test } from 'vitest';
import { compileTest } from '../../compile/testing.ts';
import { causes } from './causes.ts';

/** A database; an API on it; a page on the API; two that need each other, and one on them. */
const { desired } = compileTest({
  services: {
    db: { components: { server: { ...listens(1), needs: [] } } },
    api: { components: { server: { ...listens(2), needs: [{ endpoint: 'db/main' }] } } },
    page: {
      components: {
        server: {
          image: 'app',
          command: 'run',
          needs: [{ component: 'api/server' }, { endpoint: 'db/main' }],
        },
      },
    },
    one: { components: { server: { ...listens(3), needs: [{ endpoint: 'two/main' }] } } },
    two: { components: { server: { ...listens(4), needs: [{ endpoint: 'one/main' }] } } },
    three: { components: { server: { image: 'app', command: 'run', needs: [{ endpoint: 'two/main' }] } } },
  },
});

function listens(port: number) {
  return {
    image: 'app',
    command: 'run',
    endpoints: { main: { port } },
    health: { tcp: { endpoint: 'main' } },
  };
}

test.each([
  ['nothing', '', ''],
  ['one alone', 'page', 'page'],
  ['what others need', 'db api page', 'db'],
  ['what is between is well', 'db page', 'db'],
  ['two that have nothing to do with each other', 'api one', 'api one'],
  ['a circle, as a whole', 'one two three', 'one two'],
])('%s', (_, unwell, expected) => {
  const ids = (names: string) =>
    names
      .split(' ')
      .filter(Boolean)
      .map((name) => `${name}/server`);
  expect([...causes(desired, new Set(ids(unwell)))].sort()).toEqual(ids(expected));
});
