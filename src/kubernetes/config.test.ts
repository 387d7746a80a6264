import { join } from 'node:path';
import { expect, test } from 'vitest';
import { folderWith } from '../../test/support/folders.ts';
import { readConfig } from './config.ts';

const good = `
apiVersion: v1
kind: Config
clusters: [{ name: c, cluster: { server: "https://127.0.0.1:1" } }]
users: [{ name: u, user: { token: hunter2 } }]
contexts: [{ name: one, context: { cluster: c, user: u } }, { name: lost, context: { cluster: gone, user: u } }]
current-context: one
`;

/** How a kubeconfig of this content is refused. */
async function refused(content: string, context?: string): Promise<string> {
  const folder = folderWith({ config: content });
  const error = await readConfig({ kubeconfig: join(folder, 'config'), context }).then(
    () => null,
    (cause: unknown) => cause,
  );
  expect(error).toMatchObject({ code: 'KLG-540' });
  return (error instanceof Error ? error.message : '').replaceAll(folder, '');
}

test('the context that is asked for is taken, else the current one', async () => {
  const kubeconfig = join(folderWith({ config: good }), 'config');
  expect((await readConfig({ kubeconfig })).getCurrentContext()).toBe('one');
  expect((await readConfig({ kubeconfig, context: 'lost' }).catch(String)).toString()).toContain(
    'names a cluster',
  );
});

test.each([
  ['a context that is not there', good, 'two', 'there is no context two; there are: one, lost'],
  [
    'a context whose cluster is not there',
    good,
    'lost',
    'the context lost names a cluster that is not there',
  ],
  [
    'no context at all',
    'apiVersion: v1\nkind: Config\n',
    undefined,
    'no context is current; there are: none',
  ],
  ['nothing', '', undefined, '/config is not valid YAML: expected a document, but the input is empty'],
  ['null', '~', undefined, '/config is no kubeconfig'],
  ['a list', '- a\n', undefined, 'no context is current; there are: none'],
])('%s', async (_, content, context, message) => {
  expect(await refused(content, context)).toBe(message);
});

test('of a file that is broken nothing is shown, for there are tokens in it', async () => {
  for (const broken of [`${good}\n  token: hunter2: {`, 'token: hunter2\n\t- [', '"hunter2'])
    expect(await refused(broken)).toMatch(/^(?!.*hunter2).+$/);
});
