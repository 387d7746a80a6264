import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { complaints, scratch } from '../../test/support/folders.ts';
import { asYaml, kustomizeBase, type Manifests, renderManifests, renderSecrets } from './render-manifests.ts';

const folder = join(scratch(), 'deployment');
const names = ['database_password', 'keystone_database_password', 'keystone_admin_password'];

beforeAll(() => {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'kollage.yaml'), 'name: mycloud\nprofile: identity\nengine: docker\n');
  const lines = [...names, 'kollage_fingerprint_key'].map((name) => `${name}: hunter2-${name}\n`);
  writeFileSync(join(folder, 'passwords.yml'), lines.join(''), { mode: 0o600 });
});

const request = { folder, engine: 'kubernetes' } as const;
const render = (): Promise<Manifests> => renderManifests(request);

describe('a folder that says docker, rendered for Kubernetes', () => {
  test('gives YAML that says the same as the objects, and the same once more', async () => {
    const { objects, namespace } = await render();
    const text = asYaml(objects);
    expect(namespace).toBe('mycloud');
    expect(parseAllDocuments(text).map((document) => document.toJS())).toEqual(objects);
    expect(asYaml((await render()).objects)).toBe(text);
  });

  test('holds no secret, and says which it wants', async () => {
    const { objects, secrets } = await render();
    expect(JSON.stringify(objects)).not.toContain('hunter2');
    expect(secrets.map(({ secret }) => secret)).toEqual([...names].sort());
    const made = await renderSecrets(request);
    expect(made.map(({ kind, metadata }) => `${kind} ${metadata.name}`)).toEqual(
      secrets.map(({ object }) => `Secret ${object}`),
    );
    const values = made.map((one) => ('data' in one ? (one.data as { value: string }).value : ''));
    expect(values.map((value) => Buffer.from(value, 'base64').toString())).toEqual(
      secrets.map(({ secret }) => `hunter2-${secret}`),
    );
  });

  test('makes a base for Kustomize, with each object once', async () => {
    const made = await render();
    const files = kustomizeBase(made);
    const base = files.find(({ path }) => path === 'kustomization.yaml');
    const { resources } = parse(base?.content ?? '') as { resources: string[] };
    expect(resources).toHaveLength(made.objects.length);
    const read = resources.map((path) => parse(files.find((file) => file.path === path)?.content ?? ''));
    expect(read).toEqual(made.objects);
  });
});

test('an engine without objects of its own is refused', async () => {
  expect(await complaints(() => renderManifests({ folder, engine: 'docker' }))).toEqual([
    expect.stringMatching(/^KLG-210 /),
  ]);
});
