import { describe, expect, test } from 'vitest';
import { compile } from '../../src/compile/compile.ts';
import { startFiles } from '../../src/engines/marathon/boot.ts';
import { appId } from '../../src/engines/marathon/names.ts';
import { group } from '../../src/engines/marathon/render/group.ts';
import { RenderScope } from '../../src/engines/marathon/render/scope.ts';
import { processBundle } from '../../src/engines/marathon/render/spec.ts';
import { settingsOf } from '../../src/engines/marathon/settings.ts';
import { engineTraits } from '../../src/engines/traits.ts';
import type { Deployment } from '../../src/model/loaded.ts';
import { nodeOf } from '../../src/plan/testing.ts';
import { groupSchema } from '../marathon/schema.ts';
import { appsOf, groupViolations } from '../marathon/validate.ts';
import { everything } from './everything.ts';

/* The whole of OpenStack as what Marathon takes. */

function render(release: string, changed: Partial<Deployment> = {}) {
  const { catalog, deployment } = everything(release);
  const engine = { type: 'marathon' } as const;
  const { desired } = compile({
    catalog,
    deployment: { ...deployment, engine, ...changed },
    engine: engineTraits.marathon,
  });
  const input = { desired, settings: settingsOf(changed.engine ?? engine), start: startFiles() };
  // As it goes over the wire.
  const made: unknown = JSON.parse(JSON.stringify(group(input)));
  return { input, made };
}

const nodes = [
  ...[1, 2, 3].map((at) =>
    nodeOf({ name: `c${at}`, address: `192.0.2.${at}`, roles: ['controller', 'network', 'storage'] }),
  ),
  ...[1, 2].map((at) => nodeOf({ name: `n${at}`, address: `192.0.2.1${at}`, roles: ['compute'] })),
];
const many = { nodes, address: '127.0.0.1', externalAddress: 'cloud.example.org' };

describe.each(['2025.1', '2026.2', 'zed'])('OpenStack %s', (release) => {
  test.each([
    ['on any agent', {}],
    ['on named nodes', many],
  ])('is a group that Marathon takes: %s', (_, changed) => {
    expect(groupViolations(render(release, changed).made)).toEqual([]);
  });

  test('has an app for each component, and what those wait for is registered by one of them', () => {
    const { input, made } = render(release, many);
    const scope = new RenderScope(input);
    const apps = appsOf(groupSchema.parse(made)).map(({ id }) => id);
    expect(apps.sort()).toEqual(scope.workloads.map(({ id }) => appId('test', id)).sort());
    const processes = [...scope.workloads, ...scope.tasks].map((one) => processBundle(scope, one).spec);
    const registered = processes.flatMap(
      ({ store }) => JSON.stringify(store).match(/(?<="as":")[^"]+/) ?? [],
    );
    const needed = processes.flatMap(
      (spec) => JSON.stringify(spec['needs']).match(/(?<="service":")[^"]+/g) ?? [],
    );
    expect(needed.length).toBeGreaterThan(20);
    expect([...new Set(needed)].filter((one) => !registered.includes(one))).toEqual([]);
  });

  test('holds no token that only an engine can fill in', () => {
    const { input, made } = render(release, many);
    const scope = new RenderScope(input);
    const all = [made, ...[...scope.workloads, ...scope.tasks].map((one) => processBundle(scope, one))];
    expect(JSON.stringify(all)).not.toMatch(/@\{instance\./);
  });
});
