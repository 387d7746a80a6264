import { expect, test } from 'vitest';
import { compileTest } from '../../compile/testing.ts';
import { needsOf } from './needs.ts';
import { cloud, eventsOf, goodRun } from './testing.ts';
import { makeTimeline } from './timeline.ts';

const desired = compileTest({
  services: {
    db: {
      image: 'r.example/db:1',
      components: {
        server: { command: 'x', endpoints: { port: { port: 1 } }, health: { tcp: { endpoint: 'port' } } },
      },
    },
    cache: {
      image: 'r.example/cache:1',
      components: { server: { command: 'x', endpoints: { port: { port: 2 } } } },
    },
    key: {
      image: 'r.example/key:1',
      tasks: { schema: { command: 'true', needs: [{ endpoint: 'db/port' }] } },
      components: {
        api: {
          command: 'x',
          needs: [{ task: 'schema' }, { endpoint: 'cache/port' }],
          endpoints: { port: { port: 3 } },
        },
      },
    },
    img: {
      image: 'r.example/img:1',
      components: { api: { command: 'x', needs: [{ endpoint: 'key/port' }, { endpoint: 'db/port' }] } },
    },
  },
}).desired;

test('needs are those of the graph, and each name that is reported leads to who offers it', () => {
  const { of, named } = needsOf(desired);
  const sorted = (map: ReadonlyMap<string, readonly string[]>) =>
    [...map].map(([key, needs]) => [key, [...needs].sort()] as const).sort();
  expect(sorted(of)).toEqual(sorted(cloud.of));
  expect(named.get('db/port')).toBe('workload:db/server');
  expect(named.get('key/schema')).toBe('task:key/schema');
  expect(named.get('img/api')).toBe('workload:img/api');
});

test('a timeline says in seconds who waited for whom, what the time passed for and what was slow', () => {
  const timeline = makeTimeline(goodRun, desired);
  expect(timeline).toMatchObject({ deployment: 'demo', seconds: 8.01, outcome: 'done' });
  expect(
    timeline.processes.map(({ id, started, ended, after, critical }) => [
      id,
      started,
      ended,
      after,
      critical,
    ]),
  ).toEqual([
    ['db/server', 0.1, 3, null, true],
    ['cache/server', 0.2, 1, null, false],
    ['key/schema', 2.9, 5, 'db/server', true],
    ['key/api', 5.1, 7, 'key/schema', true],
    ['img/api', 7.1, 8, 'key/api', true],
  ]);
  expect(timeline.processes[3]?.waiting).toEqual([
    { need: 'key/schema', from: 0.8, to: 5.1 },
    { need: 'cache/port', from: 0.8, to: 1.9 },
  ]);
  expect(timeline.criticalPath.at(-1)).toEqual({ id: 'img/api', seconds: 1 });
  expect(timeline.slowest[0]).toEqual({ id: 'db/server', seconds: 2.9 });
});

test('a run that failed, and what it left unfinished', () => {
  const { outcome, processes } = makeTimeline(
    eventsOf(
      [1000, 'run', 'demo'],
      [1000, 'created', 'workload:db/server'],
      [1000, 'created', 'task:key/schema'],
      [2000, 'waits', 'task:key/schema', 'db/port'],
      [4000, 'failed', 'workload:db/server', 'not healthy'],
      [4000, 'end', 'failed'],
    ),
    desired,
  );
  expect(outcome).toBe('failed');
  expect(processes.map(({ id, outcome, message }) => [id, outcome, message])).toEqual([
    ['db/server', 'failed', 'not healthy'],
    ['key/schema', 'unfinished', ''],
  ]);
});
