import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { folderWith } from '../support/folders.ts';
import { kollage, shop } from './kollage.ts';

function deployment(engine: string): string {
  const folder = folderWith({});
  cpSync(shop, folder, { recursive: true });
  const file = join(folder, 'kollage.yaml');
  writeFileSync(file, `${readFileSync(file, 'utf8').replace(/^engine:.*$/m, '')}\nengine: ${engine}\n`);
  return folder;
}

test('where no cluster is named yet there is a plan all the same, which says what it compares with', async () => {
  const folder = deployment('kubernetes');
  const { stdout, stderr } = await kollage(['plan', '-f', folder]);
  expect(stdout + stderr).toContain('KLG-540');
  expect(stdout + stderr).toContain('; this plan compares with nothing');
  expect(stdout).toMatch(/components? to create/);
});

test.each([
  ['history', 'kubernetes', 'no kubeconfig'],
  ['timeline', '{ type: kubernetes, context: prod }', 'there is no context prod; there are: test'],
  ['history', '{ type: kubernetes, context: test }', 'KLG-501'],
])('%s on %s', async (command, engine, message) => {
  const kubeconfig = `clusters: [{ name: c, cluster: { server: "https://127.0.0.1:1" } }]
contexts: [{ name: test, context: { cluster: c, user: u } }]
users: [{ name: u, user: { token: hunter2 } }]
current-context: test
`;
  const folder = folderWith({ config: kubeconfig });
  const env: Record<string, string> = engine === 'kubernetes' ? {} : { KUBECONFIG: join(folder, 'config') };
  const { code, stderr } = await kollage([command, '-f', deployment(engine)], { env });
  expect(code).toBe(1);
  expect(stderr).toContain(message);
  expect(stderr).not.toContain('hunter2');
});

test.each(['kubernetes', 'marathon'])(
  'nodes on %s, which cannot be asked: what shall be is shown',
  async (engine) => {
    const folder = deployment(engine);
    const { code, stdout } = await kollage(['nodes', '-f', folder]);
    expect(code).toBe(0);
    expect(stdout).toContain('the engine was not asked: ');
    const { nodes } = JSON.parse((await kollage(['nodes', '-f', folder, '--json'])).stdout) as {
      nodes: { node: string; state: string }[];
    };
    expect(nodes).toMatchObject([{ node: 'node-01', state: 'unknown' }]);
  },
);
