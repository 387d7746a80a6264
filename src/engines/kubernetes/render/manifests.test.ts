import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { arbitraryParts } from '../../../../test/arbitrary/desired.ts';
import { canonical } from '../../../compile/fingerprint.ts';
import type { Desired, Workload } from '../../../model/resource.ts';
import { desiredOf, needs, type TestDesired, type TestWorkload } from '../../../plan/testing.ts';
import { settingsOf } from '../settings.ts';
import { taskObjects } from './job.ts';
import { manifests, secretObjects } from './manifests.ts';
import { type Manifest, RenderScope } from './scope.ts';
import { violations } from './testing.ts';

const start = { start: 'print()', 'common.py': '' };

function render(desired: Desired, engine: Parameters<typeof settingsOf>[1] = 'kubernetes'): Manifest[] {
  return manifests({ desired, settings: settingsOf(desired.deployment, engine), start });
}

function of(objects: readonly Manifest[], kind: string, name: string): Manifest {
  const found = objects.find((one) => one.kind === kind && one.metadata.name.startsWith(name));
  if (!found)
    throw new Error(`no ${kind} ${name} among ${objects.map((one) => `${one.kind}/${one.metadata.name}`)}`);
  return found;
}

function names(objects: readonly Manifest[]): string[] {
  return objects.map(({ kind, metadata }) => `${kind}/${metadata.name}`).sort();
}

const data = { volumes: ['web/data'] };

/** The same with each volume once for the deployment. */
function once(desired: Desired): Desired {
  const resources = desired.resources.map((one) =>
    one.kind === 'volume' ? { ...one, each: 'deployment' as const } : one,
  );
  return { ...desired, resources };
}

/** A state with one component and a task of each of two services. */
function state(changed: Partial<TestWorkload> = {}, more: Partial<TestDesired> = {}): Desired {
  return desiredOf({
    workloads: [
      {
        id: 'web/api',
        needs: [needs('db/sql'), { kind: 'task', task: 'web/sync' }],
        ports: [{ endpoint: 'web/api', port: 80, protocol: 'tcp', exposure: 'public' }],
        files: [{ name: 'api.conf', content: 'password = @{secret.pass}\n' }],
        secrets: ['pass'],
        ...changed,
      },
      { id: 'db/server', ports: [{ endpoint: 'db/sql', port: 3306, protocol: 'tcp', exposure: 'internal' }] },
    ],
    tasks: [{ id: 'web/sync', outputs: { fresh: '/tmp/fresh' } }],
    endpoints: [
      { id: 'web/api', port: 80, exposure: 'public' },
      { id: 'db/sql', workload: 'db/server', port: 3306 },
    ],
    secrets: { pass: 'print' },
    engine: 'kubernetes',
    nodes: ['a', 'b', 'c'],
    ...more,
  });
}

describe('any desired state', () => {
  test('gives the same bytes again, and only fields that the API has', () => {
    fc.assert(
      fc.property(arbitraryParts, (parts) => {
        const desired = desiredOf(parts);
        const objects = render(desired);
        expect(canonical(objects)).toBe(canonical(render(structuredClone(desired))));
        expect(objects.flatMap(violations)).toEqual([]);
      }),
      { numRuns: 100 },
    );
  });

  test('with another file has another ConfigMap, and touches the pods of that file alone', () => {
    fc.assert(
      fc.property(arbitraryParts, fc.nat(), (parts, pick) => {
        const before = desiredOf(parts);
        const workloads = (parts.workloads ?? []).filter(({ files = [] }) => files.length > 0);
        if (workloads.length === 0) return;
        const chosen = workloads[pick % workloads.length];
        const after = desiredOf({
          ...parts,
          workloads: (parts.workloads ?? []).map((one) =>
            one === chosen
              ? {
                  ...one,
                  files: (one.files ?? []).map((file, index) =>
                    index === 0 ? { ...file, content: `${file.content}changed\n` } : file,
                  ),
                }
              : one,
          ),
        });
        const name = (chosen?.id ?? '').replace('/', '-');
        const [old, now] = [render(before), render(after)];
        const gone = names(old).filter((one) => !names(now).includes(one));
        expect(gone).toHaveLength(1);
        expect(gone[0]).toMatch(new RegExp(`^ConfigMap/${name}-[0-9a-f]{10}$`));
        expect(touched(old, now).map((one) => one.replace(/^\w+\//, ''))).toEqual([name]);
      }),
      { numRuns: 100 },
    );
  });
});

/** The controllers and Jobs whose pods differ. */
function touched(before: readonly Manifest[], after: readonly Manifest[]): string[] {
  const templates = (all: readonly Manifest[]) =>
    new Map(
      all.flatMap((one) =>
        'spec' in one && typeof one.spec === 'object' && one.spec !== null && 'template' in one.spec
          ? [[`${one.kind}/${one.metadata.name}`, canonical(one.spec.template)] as const]
          : [],
      ),
    );
  const old = templates(before);
  return [...templates(after)].filter(([name, text]) => old.get(name) !== text).map(([name]) => name);
}

describe('what a change touches', () => {
  test('another image: the pods alone, and no name', () => {
    const [old, now] = [render(state()), render(state({ image: 'image:2' }))];
    expect(names(now)).toEqual(names(old));
    expect(touched(old, now)).toEqual(['Deployment/web-api']);
  });

  test('another value of a secret: its Secret, and the pods that use it', () => {
    const before = state();
    const after: Desired = {
      ...before,
      resources: before.resources.map((one) =>
        one.kind === 'secret' ? { ...one, fingerprint: 'other' } : one,
      ),
    };
    const input = (desired: Desired) => ({ desired, settings: settingsOf('test', 'kubernetes'), start });
    const secrets = (desired: Desired) => names(secretObjects(input(desired), () => 'x'));
    expect(secrets(before)).toHaveLength(1);
    expect(secrets(after)).not.toEqual(secrets(before));
    expect(names(render(after))).toEqual(names(render(before)));
    expect(touched(render(before), render(after))).toEqual(['Deployment/web-api']);
  });

  test.each<[string, Desired]>([
    ['what a pod needs', state({ needs: [needs('db/sql')] })],
    ['how long it is waited for', { ...state(), timeouts: { needs: 10 } }],
    ['another release that changes nothing', { ...state(), release: 'other' }],
  ])('%s: no pod of a workload', (_, after) => {
    const pods = touched(render(state()), render(after)).filter((one) => !one.startsWith('Job/'));
    expect(pods).toEqual([]);
  });
});

describe('a pod', () => {
  test('that waits for nothing and has nothing to fill in has no start program before it', () => {
    const objects = render(state());
    expect(JSON.stringify(of(objects, 'Deployment', 'db-server'))).not.toContain('initContainers');
    expect(JSON.stringify(of(objects, 'Deployment', 'web-api'))).toContain('initContainers');
  });

  test('asks the API server for what it needs there', () => {
    const needs = of(render(state()), 'ConfigMap', 'web-api-needs');
    expect(JSON.parse(Object.values('data' in needs ? (needs.data as object) : {})[0])).toEqual({
      needs: [
        {
          kind: 'service',
          name: 'db/sql',
          service: 'db-server',
          probe: { type: 'tcp', host: expect.any(String), port: 1 },
        },
        { kind: 'task', task: 'web/sync', fingerprint: 'current', label: 'web-sync' },
      ],
      timeoutSeconds: 600,
    });
  });

  test.each<[string, Partial<Workload>, string]>([
    [
      'several instances that are asked beside one another',
      { update: update('blue-green'), scale: { replicas: 3 } },
      'Deployment',
    ],
    ['one on each node', { scale: { each: 'node' } }, 'DaemonSet'],
  ])('of %s', (_, changed, kind) => {
    expect(of(render(state(changed)), kind, 'web-api').kind).toBe(kind);
  });

  test('that alone writes a volume of the deployment is never two', () => {
    const mounts = [
      { type: 'volume', source: 'web/data', path: '/data', readOnly: false, shared: false },
    ] as const;
    const stateful = once(state({ mounts, update: update('recreate') }, data));
    const objects = render(stateful);
    expect(of(objects, 'StatefulSet', 'web-api')).toMatchObject({ spec: { serviceName: 'web-api-pods' } });
    expect(of(objects, 'Service', 'web-api-pods')).toMatchObject({ spec: { clusterIP: 'None' } });
    expect(of(objects, 'PersistentVolumeClaim', 'web-data')).toMatchObject({
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '10Gi' } } },
    });
  });

  test('of several that share a volume: on one node, or on a class that several can mount', () => {
    const mounts = [
      { type: 'volume', source: 'web/data', path: '/data', readOnly: false, shared: false },
    ] as const;
    const shared = once(state({ mounts, scale: { replicas: 2 } }, data));
    const tied = JSON.stringify(of(render(shared), 'Deployment', 'web-api'));
    expect(tied).toContain('"podAffinity":{"requiredDuringSchedulingIgnoredDuringExecution"');
    const engine = { type: 'kubernetes', storage: { class: 'rbd', shared: 'cephfs' } } as const;
    const free = render(shared, engine);
    expect(JSON.stringify(of(free, 'Deployment', 'web-api'))).not.toContain('"podAffinity"');
    expect(of(free, 'PersistentVolumeClaim', 'web-data')).toMatchObject({
      spec: { accessModes: ['ReadWriteMany'], storageClassName: 'cephfs' },
    });
  });

  describe('that has a volume of its own', () => {
    const mounts = [
      { type: 'volume', source: 'web/data', path: '/data', readOnly: false, shared: false },
    ] as const;
    const task = { id: 'web/save', phase: 'save', mounts } as const;
    const own = (more: Partial<TestDesired> = {}, changed: Partial<TestWorkload> = {}): Desired => {
      const desired = state({ mounts, scale: { replicas: 3 }, ...changed }, { ...data, ...more });
      const resources = desired.resources.map((one) =>
        one.kind === 'volume' ? { ...one, each: 'instance' as const } : one,
      );
      return { ...desired, resources };
    };
    const pod = (desired: Desired, id: string) => {
      const scope = new RenderScope({ desired, settings: settingsOf('test', 'kubernetes'), start });
      const found = scope.tasks.find((one) => one.id === id);
      if (!found) throw new Error(`no ${id}`);
      return JSON.stringify(taskObjects(scope, found));
    };

    test('gets it from its StatefulSet, which starts all at once and puts no two on a node', () => {
      const objects = render(own());
      const set = of(objects, 'StatefulSet', 'web-api');
      expect(set).toMatchObject({
        spec: {
          replicas: 3,
          podManagementPolicy: 'Parallel',
          volumeClaimTemplates: [
            { metadata: { name: 'web-data' }, spec: { accessModes: ['ReadWriteOnce'] } },
          ],
          template: {
            spec: {
              containers: [
                { volumeMounts: expect.arrayContaining([{ name: 'web-data', mountPath: '/data' }]) },
              ],
              affinity: {
                podAntiAffinity: {
                  requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: 'kubernetes.io/hostname' }],
                },
              },
            },
          },
        },
      });
      expect(names(objects).filter((name) => name.startsWith('PersistentVolumeClaim'))).toEqual([]);
      expect(objects.flatMap(violations)).toEqual([]);
    });

    test('keeps the template of its volume whatever the release is, since nobody may change that', () => {
      const templates = (desired: Desired) =>
        (of(render(desired), 'StatefulSet', 'web-api') as { spec?: { volumeClaimTemplates: unknown } }).spec
          ?.volumeClaimTemplates;
      expect(templates({ ...own(), release: 'other' })).toEqual(templates(own()));
    });

    test('is that of the first one to a task: one that needs it to run goes where it is, another one where it was', () => {
      const waiting = pod(own({ tasks: [{ ...task, needs: [needs('web/api')] }] }), 'web/save');
      expect(waiting).toContain('"claimName":"web-data-web-api-0"');
      const affinity =
        '"matchLabels":{"volume.kollage.dev/web-data":"true","apps.kubernetes.io/pod-index":"0"}';
      expect(waiting).toContain(affinity);
      expect(waiting).not.toContain('"kollage.dev/task":"web-save","volume.kollage.dev');
      const alone = pod(own({ tasks: [task] }), 'web/save');
      expect(alone).toContain(affinity);
      expect(alone).toContain(
        '"kollage.dev/task":"web-save","volume.kollage.dev/web-data":"true","apps.kubernetes.io/pod-index":"0"',
      );
    });

    test('leads those of the deployment to its node that are mounted with it anywhere, by one term alone', () => {
      const backups = { ...mounts[0], source: 'web/backups', path: '/backups' };
      const both = { id: 'web/backup', phase: 'backup', mounts: [...mounts, backups] } as const;
      const other = {
        id: 'web/list',
        phase: 'backup',
        mounts: [backups],
        needs: [needs('web/api')],
      } as const;
      const made = own({ volumes: ['web/data', 'web/backups'], tasks: [both, other] });
      const resources = made.resources.map((one) =>
        one.kind === 'volume' && one.id === 'web/backups' ? { ...one, each: 'deployment' as const } : one,
      );
      for (const { id } of [both, other]) {
        const text = pod({ ...made, resources }, id);
        expect(text.match(/"matchLabels":\{"volume[^}]*\}/g)).toEqual([
          '"matchLabels":{"volume.kollage.dev/web-data":"true","apps.kubernetes.io/pod-index":"0"}',
        ]);
      }
    });

    test('is a folder for each in a lab', () => {
      const desired = own();
      const lab = { type: 'kubernetes', storage: { host: { path: '/srv', node: 'a' } } } as const;
      const made = render(desired, lab).filter(({ kind }) => kind === 'PersistentVolume');
      expect(made.map(({ metadata }) => metadata.name)).toEqual(
        [0, 1, 2].map((number) => `test-web-data-web-api-${number}`),
      );
      expect(made.flatMap(violations)).toEqual([]);
    });

    test('is asked by whether it takes connections alone where it may take its time to come up', () => {
      const probe = {
        type: 'http',
        scheme: 'http',
        host: '',
        port: 4,
        path: '/ready',
        status: [200],
        body: null,
      } as const;
      const health = { probe, interval: 2, timeout: 5, grace: 600, patient: true } as const;
      expect(of(render(own({}, { health })), 'StatefulSet', 'web-api')).toMatchObject({
        spec: {
          template: {
            spec: {
              containers: [
                {
                  startupProbe: { tcpSocket: { port: 4 } },
                  readinessProbe: { httpGet: { path: '/ready', port: 4 } },
                },
              ],
            },
          },
        },
      });
    });
  });

  test('reaches what is for its peers alone from those, and by no name of the Service', () => {
    const objects = render(
      state(
        {
          ports: [{ endpoint: 'web/peers', port: 4567, protocol: 'tcp', exposure: 'peers' }],
        },
        {
          endpoints: [
            { id: 'web/peers', workload: 'web/api', port: 4567, exposure: 'peers' },
            { id: 'db/sql', workload: 'db/server', port: 3306 },
          ],
        },
      ),
    );
    expect(of(objects, 'NetworkPolicy', 'web-api')).toMatchObject({
      spec: {
        ingress: [
          {
            from: [{ podSelector: { matchLabels: { 'kollage.dev/workload': 'web-api' } } }],
            ports: [{ port: 4567 }],
          },
        ],
      },
    });
    expect(names(objects)).not.toContain('Service/web-api');
  });

  test('in a lab has its volume in a folder of one node', () => {
    const mounts = [
      { type: 'volume', source: 'web/data', path: '/data', readOnly: false, shared: false },
    ] as const;
    const desired = once(state({ mounts }, data));
    const objects = render(desired, { type: 'kubernetes', storage: { host: { path: '/srv', node: 'a' } } });
    expect(of(objects, 'PersistentVolume', 'test-web-data')).toMatchObject({
      spec: { hostPath: { path: '/srv/test/web-data' }, claimRef: { namespace: 'test', name: 'web-data' } },
    });
    expect(of(objects, 'PersistentVolumeClaim', 'web-data')).toMatchObject({
      spec: { storageClassName: '', volumeName: 'test-web-data' },
    });
  });

  test('of several may not all be away at once', () => {
    expect(of(render(state({ scale: { replicas: 3 } })), 'PodDisruptionBudget', 'web-api')).toMatchObject({
      spec: { maxUnavailable: 1 },
    });
    expect(names(render(state())).filter((name) => name.startsWith('PodDisruptionBudget'))).toEqual([]);
  });

  test('keeps a dollar of its command and variables', () => {
    const objects = render(state({ start: 'plain', command: ['echo', '$(HOME)'], env: { A: '$$B' } }));
    const text = JSON.stringify(of(objects, 'Deployment', 'web-api'));
    expect(text).toContain('["echo","$$(HOME)"]');
    expect(text).toContain('{"name":"A","value":"$$$$B"}');
  });

  test('gets a secret in a variable from its Secret, and what Kubernetes cannot put together from the start program', () => {
    const whole = JSON.stringify(
      of(render(state({ env: { P: '@{secret.pass}' } })), 'Deployment', 'web-api'),
    );
    expect(whole).toMatch(
      /\{"name":"P","valueFrom":\{"secretKeyRef":\{"name":"pass-[0-9a-f]{10}","key":"value"\}\}\}/,
    );
    const part = JSON.stringify(
      of(render(state({ env: { P: 'x@{secret.pass}' } })), 'Deployment', 'web-api'),
    );
    expect(part).toContain('"value":"/kollage/spec/kollage.run.json"');
  });

  test.each<[string, Partial<Workload>, object]>([
    [
      'http',
      {
        health: {
          probe: {
            type: 'http',
            scheme: 'http',
            host: 'h',
            port: 80,
            path: '/v3',
            status: [200, 300],
            body: null,
          },
          interval: 5,
          timeout: 5,
          grace: 60,
        },
      },
      {
        startupProbe: { httpGet: { path: '/v3', port: 80 }, failureThreshold: 30 },
        readinessProbe: { httpGet: { path: '/v3', port: 80 } },
        livenessProbe: { tcpSocket: { port: 80 } },
      },
    ],
    [
      'a socket',
      { health: { probe: { type: 'socket', path: '/run/x' }, interval: 5, timeout: 5, grace: 60 } },
      { readinessProbe: { exec: { command: ['test', '-S', '/run/x'] }, periodSeconds: 10 } },
    ],
  ])('is asked by %s', (_, changed, expected) => {
    expect(of(render(state(changed)), 'Deployment', 'web-api')).toMatchObject({
      spec: { template: { spec: { containers: [expected] } } },
    });
  });
});

function update(strategy: Workload['update']['strategy']): Workload['update'] {
  return { strategy, maxUnavailable: 1, surge: 0, batch: 1 };
}

describe('rights', () => {
  test('are those of asking, and of publishing for who publishes', () => {
    const objects = render(state());
    const verbs = (name: string) =>
      JSON.stringify(of(objects, 'Role', name)).match(/create|delete|patch|update|get|\*/g);
    expect(verbs('kollage-start')).toEqual(['create']);
    expect(verbs('kollage-publish')).toEqual(['create', 'patch']);
  });
});

describe('a task', () => {
  test('is a Job named by its fingerprint', () => {
    const job = names(render(state())).filter((name) => name.startsWith('Job/'));
    const other = names(render(state({}, { tasks: [{ id: 'web/sync', command: ['other'] }] }))).filter(
      (name) => name.startsWith('Job/'),
    );
    expect(job[0]).toMatch(/^Job\/web-sync-[0-9a-f]{10}$/);
    expect(other).not.toEqual(job);
  });

  test('that takes away what the old version needs is suspended', () => {
    const objects = render(
      state({}, { tasks: [{ id: 'web/sync' }, { id: 'web/contract', phase: 'contract' }] }),
    );
    expect(of(objects, 'Job', 'web-contract')).toMatchObject({ spec: { suspend: true } });
    expect(JSON.stringify(of(objects, 'Job', 'web-sync'))).not.toContain('suspend');
  });
});
