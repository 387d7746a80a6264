import { expect, test } from 'vitest';
import { KollageError } from '../model/error.ts';
import { compileTest, type TestCatalog } from './testing.ts';

const shop = (needs: { task: string }[] = []): TestCatalog => ({
  services: {
    web: {
      image: 'app',
      config: { 'proof.sh': { path: '/etc/proof.sh' } },
      tasks: { verify: { phase: 'verify', command: 'sh /etc/proof.sh', config: ['proof.sh'] } },
      components: {
        api: { command: 'web', endpoints: { api: { port: 8080 } }, needs },
      },
    },
  },
  templates: { 'web/proof.sh.j2': 'curl {{ endpoint("web/api").url }}\n' },
});

test('a proof and its files stand beside the desired state', () => {
  const { desired, proofs } = compileTest(shop());
  expect(proofs.map(({ kind, id }) => `${kind}:${id}`)).toEqual(['config:web/verify', 'task:web/verify']);
  expect(desired.resources.filter(({ id }) => id === 'web/verify')).toEqual([]);
});

test('another proof is no other desired state', () => {
  const { templates, ...rest } = shop();
  const other = compileTest({ ...rest, templates: { ...templates, 'web/proof.sh.j2': 'true\n' } });
  const one = compileTest(shop());
  expect(other.proofs).not.toEqual(one.proofs);
  expect(other.desired.fingerprint).toBe(one.desired.fingerprint);
});

test('nothing can wait for a proof', () => {
  const compiled = () => compileTest(shop([{ task: 'verify' }]));
  expect(compiled).toThrow(KollageError);
  expect(compiled).toThrow('the task web/verify is needed, but no service that is on has it');
});

test('a backup has a place', () => {
  const kept = (mounts: { volume: string; path: string }[]) =>
    compileTest({
      services: {
        web: {
          image: 'app',
          volumes: { data: {}, backups: {} },
          tasks: { backup: { phase: 'backup', command: 'copy', mounts } },
          components: { api: { command: 'web' } },
        },
      },
    });
  expect(() => kept([{ volume: 'data', path: '/data' }])).toThrow('a backup lies in the volume `backups`');
  const { desired } = kept([{ volume: 'backups', path: '/backups' }]);
  expect(desired.resources.map(({ kind, id }) => `${kind}:${id}`)).toContain('volume:web/backups');
});

test('a secret tells what is noticed while it is made anew', () => {
  const web = {
    image: 'app',
    secrets: { pass: { noticed: 'users log in again' } },
    components: { api: { command: 'web', env: { PASS: "{{ secret('pass') }}" } } },
  };
  const { desired } = compileTest({ services: { web } }, { secrets: { pass: 'x' } });
  expect(desired.resources).toContainEqual(
    expect.objectContaining({ id: 'pass', noticed: 'users log in again' }),
  );
});
