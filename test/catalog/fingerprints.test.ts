import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compile } from '../../src/compile/compile.ts';
import { canonical } from '../../src/compile/fingerprint.ts';
import { engineTraits } from '../../src/engines/traits.ts';
import type { Deployment } from '../../src/model/loaded.ts';
import type { Desired, Resource } from '../../src/model/resource.ts';
import type { Option } from '../../src/model/service.ts';
import { everything, optionsOf } from './everything.ts';

/*
 * The promise "only what changed", for every option of every service: a process' fingerprint changes if and only if something
 * that decides the process changes. The deciding things are taken here from the resources themselves, not from `inputs`.
 */

const base = everything('2025.1');
const options = optionsOf(base.catalog);

function compileWith(
  name: string | null,
  value: unknown,
  more: Partial<Deployment> = {},
  engine: keyof typeof engineTraits = 'docker',
): Desired {
  const set = name === null ? [] : [[name, { value, place: { file: 'test' } }] as const];
  const deployment = { ...base.deployment, options: new Map([...base.deployment.options, ...set]), ...more };
  return compile({ catalog: base.catalog, deployment, engine: engineTraits[engine] }).desired;
}

/** What decides each process, as text: everything it runs with, and its files. */
function deciding(desired: Desired): Map<string, string> {
  const bundles = new Map(
    desired.resources.flatMap((r) => (r.kind === 'config' ? [[r.id, r.files] as const] : [])),
  );
  return new Map(
    processes(desired).map((r) => {
      const { image, start, command, env, user, mounts, privileges, secrets } = r;
      const ports = r.kind === 'workload' ? r.ports : [];
      const files = (bundles.get(r.config ?? '') ?? []).map(({ name, path, content, owner, mode }) => [
        name,
        path,
        content,
        owner,
        mode,
      ]);
      return [
        `${r.kind}:${r.id}`,
        canonical({ image, start, command, env, user, mounts, privileges, secrets, ports, files }),
      ];
    }),
  );
}

function processes(desired: Desired): Extract<Resource, { kind: 'workload' | 'task' }>[] {
  return desired.resources.filter((r) => r.kind === 'workload' || r.kind === 'task');
}

/** Some options say only where images come from when they are pulled. */
function hasEffectOnPulled(name: string, value: unknown): boolean {
  const images = { ...base.deployment.images, registry: 'registry.example' };
  return (
    canonical(compileWith(name, value, { images }).resources) !==
    canonical(compileWith(null, null, { images }).resources)
  );
}

/** Some options say only how members of a cluster are, which some engines have alone. */
function hasEffectOnMembers(name: string, value: unknown): boolean {
  return (
    canonical(compileWith(name, value, {}, 'kubernetes').resources) !==
    canonical(compileWith(null, null, {}, 'kubernetes').resources)
  );
}

/** Other values that an option may take. */
function others(option: Option, current: unknown): unknown[] {
  switch (option.type) {
    case 'boolean':
      return [true, false].filter((value) => value !== current);
    case 'enum':
      return option.values.filter((value) => value !== current);
    case 'integer':
    case 'number': {
      const now = typeof current === 'number' ? current : (option.min ?? 1);
      return [now + 1, now - 1, now * 2].filter(
        (value) =>
          value !== current && value >= (option.min ?? 1) && value <= (option.max ?? Number.MAX_SAFE_INTEGER),
      );
    }
    case 'string':
      return ['changed', '192.0.2.77'];
    case 'list':
      return [['changed'], ['one', 'two']];
    case 'map':
      return [{ changed: 'yes' }];
  }
}

const before = compileWith(null, null);
const decidedBefore = deciding(before);
const textBefore = canonical(before.resources);
const printsBefore = new Map(processes(before).map((r) => [`${r.kind}:${r.id}`, r.fingerprint]));

describe.each(options.map(({ name, option }) => [name, option] as const))('option %s', (name, option) => {
  test('changes the fingerprints of what it decides, and of nothing else', () => {
    const values = others(option, option.default);
    expect(values.length).toBeGreaterThan(0);
    let effects = 0;
    for (const value of values) {
      const after = compileWith(name, value);
      const decided = deciding(after);
      for (const process of processes(after)) {
        if (process.kind !== 'workload') continue;
        const key = `${process.kind}:${process.id}`;
        const changed = decidedBefore.get(key) !== decided.get(key);
        expect([key, value, printsBefore.get(key) !== process.fingerprint]).toEqual([key, value, changed]);
      }
      const isSeen = canonical(after.resources) !== textBefore;
      if (isSeen || hasEffectOnPulled(name, value) || hasEffectOnMembers(name, value)) effects++;
    }
    // An option that changes nothing whatever it is set to has no reason to be there.
    expect([name, effects > 0]).toEqual([name, true]);
  }, 120_000);
});

test('any set of options together: the same law, and the same bytes each time', () => {
  const some = fc
    .subarray(options, { maxLength: 6 })
    .chain((chosen) =>
      fc.tuple(
        ...chosen.map(({ name, option }) =>
          fc.constantFrom(...others(option, option.default)).map((value) => [name, value] as const),
        ),
      ),
    );
  fc.assert(
    fc.property(some, (chosen) => {
      const set = chosen.map(([name, value]) => [name, { value, place: { file: 'test' } }] as const);
      const deployment = { ...base.deployment, options: new Map([...base.deployment.options, ...set]) };
      const after = compile({ catalog: base.catalog, deployment, engine: engineTraits.docker }).desired;
      expect(
        canonical(compile({ catalog: base.catalog, deployment, engine: engineTraits.docker }).desired),
      ).toBe(canonical(after));
      const decided = deciding(after);
      for (const process of processes(after)) {
        const key = `${process.kind}:${process.id}`;
        if (process.kind === 'workload')
          expect([key, printsBefore.get(key) !== process.fingerprint]).toEqual([
            key,
            decidedBefore.get(key) !== decided.get(key),
          ]);
      }
    }),
    { numRuns: 25 },
  );
}, 240_000);

test('a rotated secret changes exactly the processes in whose text it stands', () => {
  for (const [secret] of base.deployment.secrets) {
    const deployment = {
      ...base.deployment,
      secrets: new Map([...base.deployment.secrets, [secret, 'rotated'] as const]),
    };
    const after = compile({ catalog: base.catalog, deployment, engine: engineTraits.docker }).desired;
    for (const process of processes(after)) {
      const key = `${process.kind}:${process.id}`;
      if (process.kind !== 'workload') continue;
      const uses = new RegExp(`@\\{secret\\.${secret.replaceAll('.', '\\.')}[|}]`).test(
        decidedBefore.get(key) ?? '',
      );
      expect([secret, key, printsBefore.get(key) !== process.fingerprint]).toEqual([secret, key, uses]);
    }
  }
}, 240_000);
