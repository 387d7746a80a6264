import { describe, expect, test } from 'vitest';
import { compileTest } from '../../compile/testing.ts';
import { KollageError } from '../../model/error.ts';
import type { WorkloadStatus } from '../status.ts';
import { type HealEvent, heal, type Ward } from './heal.ts';

const { desired } = compileTest({
  services: {
    db: { components: { server: listens(1) } },
    api: { components: { server: { ...listens(2), needs: [{ endpoint: 'db/main' }] } } },
  },
});

function listens(port: number) {
  return {
    image: 'app',
    command: 'run',
    endpoints: { main: { port } },
    health: { tcp: { endpoint: 'main' }, grace: 20 },
  };
}

/** Five seconds pass between two looks. */
const round = 5000;

interface World {
  /** What is not well, by workload. */
  readonly ill: Map<string, 'unhealthy' | 'stopped' | 'missing' | 'away' | 'changed'>;
  held: string | null;
  /** What someone else's hold on the deployment, or the engine, throws. */
  busy: KollageError | null;
  /** What starting anew does. */
  restart: (workload: string) => void;
}

/** Watches for so many rounds; `before` changes the world before each look. Gives what was told, without times, and who was started anew when. */
async function watch(rounds: number, before: (world: World, at: number) => void) {
  const world: World = { ill: new Map(), held: null, busy: null, restart: (id) => world.ill.delete(id) };
  const stop = new AbortController();
  const events: HealEvent[] = [];
  const restarts: [number, string][] = [];
  let at = 0;
  const ward: Ward = {
    held: async () => {
      before(world, at);
      return world.held;
    },
    look: async () => {
      if (world.busy?.code === 'KLG-501') throw world.busy;
      return { desired, status: statusOf(world) };
    },
    alone: async (act) => {
      if (world.busy) throw world.busy;
      await act();
    },
    restart: async (workload) => {
      restarts.push([at / 1000, workload.id]);
      world.restart(workload.id);
    },
    rest: async () => {
      at += round;
      if (at >= rounds * round) stop.abort();
    },
  };
  const givenUp = await heal({
    ward,
    emit: (event) => events.push(event),
    signal: stop.signal,
    now: () => at,
  });
  return { told: events.map((event) => `${event.at / 1000} ${event.type}`), restarts, givenUp };
}

function statusOf({ ill }: World) {
  const workloads = ['db/server', 'api/server'].map((workload): WorkloadStatus => {
    const state = ill.get(workload) ?? 'healthy';
    const why = state === 'healthy' ? '' : `it is ${state}`;
    return { workload, instance: workload, node: 'n', state, why, logs: [] };
  });
  return { deployment: 't', release: '1', revision: 1, unfinished: false, notAsked: null, workloads };
}

describe('watching over a deployment', () => {
  test('says and does nothing while all is well', async () => {
    expect(await watch(100, () => undefined)).toEqual({ told: [], restarts: [], givenUp: [] });
  });

  test('starts anew what is down, and says when it is well again', async () => {
    const { told, restarts } = await watch(
      6,
      (world, at) => at === round && world.ill.set('db/server', 'missing'),
    );
    expect(restarts).toEqual([[10, 'db/server']]);
    expect(told).toEqual(['5 unhealthy', '10 change-started', '10 change-done', '15 healthy']);
  });

  test('leaves alone what only misses something else, and treats that', async () => {
    const { restarts } = await watch(20, (world, at) => {
      if (at === round) world.ill.set('db/server', 'unhealthy').set('api/server', 'unhealthy');
      world.restart = () => world.ill.clear();
    });
    expect(restarts).toEqual([[25, 'db/server']]);
  });

  test('starts what is down although something that it needs is not well', async () => {
    const { restarts } = await watch(4, (world, at) => {
      if (at === round) world.ill.set('db/server', 'unhealthy').set('api/server', 'stopped');
    });
    expect(restarts).toEqual([[10, 'api/server']]);
  });

  test('gives up what does not get well, loudly and once, and takes it on again when it was well', async () => {
    const { told, restarts, givenUp } = await watch(400, (world) => {
      world.ill.set('api/server', 'stopped');
      world.restart = () => undefined;
    });
    expect(restarts).toHaveLength(6);
    expect(told.filter((line) => line.endsWith('gave-up'))).toHaveLength(1);
    expect(givenUp).toEqual(['api/server']);
  });

  test('leaves alone what is on a node that does not answer, and says so once', async () => {
    const { told, restarts, givenUp } = await watch(400, (world, at) => {
      if (at === round) world.ill.set('api/server', 'away');
      if (at === 300 * round) world.ill.clear();
    });
    expect(restarts).toEqual([]);
    expect(givenUp).toEqual([]);
    expect(told).toEqual(['5 unhealthy', '1500 healthy']);
  });

  test('leaves alone what somebody changed, and says so once, until it is something else', async () => {
    const { told, restarts } = await watch(200, (world, at) => {
      if (at === round || at === 100 * round) world.ill.set('api/server', 'changed');
      if (at === 50 * round) world.ill.clear();
    });
    expect(restarts).toEqual([]);
    expect(told).toEqual(['5 changed', '500 changed']);
  });

  test.each([
    ['a pause', (world: World, on: boolean) => (world.held = on ? 'paused' : null)],
    [
      'someone else at work',
      (world: World, on: boolean) =>
        (world.busy = on ? new KollageError({ code: 'KLG-503', message: 'process 1 works on it' }) : null),
    ],
    [
      'an engine that is away',
      (world: World, on: boolean) =>
        (world.busy = on ? new KollageError({ code: 'KLG-501', message: 'away' }) : null),
    ],
  ])('touches nothing during %s, says so once, and goes on after it', async (_, hold) => {
    const { told, restarts } = await watch(60, (world, at) => {
      if (at === 2 * round) world.ill.set('db/server', 'stopped');
      hold(world, at >= 2 * round && at < 40 * round);
    });
    expect(restarts.map(([, id]) => id)).toEqual(['db/server']);
    expect(restarts[0]?.[0]).toBeGreaterThanOrEqual(200);
    expect(told.filter((line) => /held|resumed/.test(line)).map((line) => line.split(' ')[1])).toEqual([
      'held',
      'resumed',
    ]);
  });
});
