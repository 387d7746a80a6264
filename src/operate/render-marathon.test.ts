import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { groupSchema } from '../../test/marathon/schema.ts';
import { appsOf, groupViolations } from '../../test/marathon/validate.ts';
import { complaints, scratch } from '../../test/support/folders.ts';
import { renderMarathon } from './render-marathon.ts';

const folder = join(scratch(), 'deployment');
const names = ['database_password', 'keystone_database_password', 'keystone_admin_password'];
const settings = 'name: mycloud\nprofile: identity\n';

beforeAll(() => {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'kollage.yaml'), `${settings}engine: docker\n`);
  const lines = [...names, 'kollage_fingerprint_key'].map((name) => `${name}: hunter2-${name}\n`);
  writeFileSync(join(folder, 'passwords.yml'), lines.join(''), { mode: 0o600 });
});

test('a folder that says docker, rendered for Marathon: a group that it takes, without a secret, the same once more', async () => {
  const { group, tasks } = await renderMarathon({ folder, engine: 'marathon' });
  const text = JSON.stringify(group);
  expect(groupViolations(JSON.parse(text))).toEqual([]);
  expect(appsOf(groupSchema.parse(JSON.parse(text))).map(({ id }) => id)).toContain('/mycloud/keystone/api');
  expect(tasks).toBeGreaterThan(3);
  expect(text).not.toContain('hunter2');
  expect(JSON.stringify((await renderMarathon({ folder, engine: 'marathon' })).group)).toBe(text);
});

test('for DC/OS it is the same group', async () => {
  const [here, there] = [
    await renderMarathon({ folder, engine: 'marathon' }),
    await renderMarathon({ folder, engine: 'dcos' }),
  ];
  expect(JSON.stringify(there.group)).toBe(JSON.stringify(here.group));
  expect(there.tasks).toBe(here.tasks);
});

test('what the folder says of Mesos holds', async () => {
  const engine = 'engine: { type: marathon, zookeeper: "zk1:2181,zk2:2181" }\n';
  writeFileSync(join(folder, 'kollage.yaml'), `${settings}${engine}`);
  const { group } = await renderMarathon({ folder, engine: 'marathon' });
  const [app] = appsOf(groupSchema.parse(JSON.parse(JSON.stringify(group))));
  expect(app?.env?.['KOLLAGE_ZOOKEEPER']).toBe('zk1:2181,zk2:2181');
});

test('servers that are none are told in the place where they stand', async () => {
  writeFileSync(join(folder, 'kollage.yaml'), `${settings}engine:\n  type: marathon\n  zookeeper: "zk1:"\n`);
  expect(await complaints(() => renderMarathon({ folder, engine: 'marathon' }), folder)).toEqual([
    expect.stringMatching(/^KLG-10\d .*kollage\.yaml:5:\d+ .*servers such as zk1:2181,zk2:2181/),
  ]);
});
