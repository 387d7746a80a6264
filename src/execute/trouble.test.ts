import { expect, test } from 'vitest';
import { complaints } from '../../test/support/folders.ts';
import type { EngineEvent } from '../engines/engine.ts';
import type { KollageEvent } from '../model/event.ts';
import { makePlan } from '../plan/plan.ts';
import { desiredOf } from '../plan/testing.ts';
import { execute } from './execute.ts';
import { SimulatedEngine, Steps, World } from './testing.ts';

/** An engine that places tasks itself: none takes it for now, and then its image is not there. */
class Placing extends SimulatedEngine {
  readonly #wanted = Promise.withResolvers<void>();

  override startTask = async () => {
    this.#wanted.resolve();
    return 'task-1';
  };

  override async *watch(): AsyncIterable<EngineEvent> {
    const of = this.instanceName('test', 'a/t', 1);
    await this.#wanted.promise;
    yield { type: 'trouble', instance: of, of, why: 'no agent has offered anything', fatal: false };
    yield { type: 'trouble', instance: of, of, why: '', fatal: false };
    yield { type: 'trouble', instance: of, of, why: 'its image cannot be pulled', fatal: true };
  }
}

test('what stands against a task is told; waiting goes on unless that is of no use', async () => {
  const desired = desiredOf({ tasks: [{ id: 'a/t', phase: 'bootstrap' }] });
  const plan = makePlan({ desired, last: null, observed: {} });
  const engine = new Placing(new World(), new Steps());
  const { signal } = new AbortController();
  const told: KollageEvent[] = [];
  const rest = {
    settle: false,
    secret: () => undefined,
    emit: (one: KollageEvent) => told.push(one),
    signal,
  };
  expect(await complaints(() => execute({ engine, plan, desired, ...rest }))).toEqual([
    'KLG-505 - a/t cannot run: its image cannot be pulled',
  ]);
  const why = told.flatMap((event) =>
    event.type === 'unhealthy' && event.key === 'task:a/t' ? [event.why] : [],
  );
  expect(why).toEqual(['no agent has offered anything', 'its image cannot be pulled']);
});
