import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { drift } from './drift.ts';
import { instances } from './instances.ts';
import { Stage } from './stage.ts';
import { talking } from './talking.ts';
import { tasks } from './tasks.ts';
import type { Left, World } from './world.ts';

/**
 * What every engine must do: each promise of src/engines/engine.ts, tried on the real thing. `name` begins the names of the deployments that are
 * made; `ports` is the first of ten that are free.
 */
export function conformance(world: World, name: string, ports: number): void {
  for (const part of [instances, tasks, talking, drift]) {
    const deployment = `${name}-${part.name}`;
    describe(part.name, () => {
      let before: Left;
      beforeAll(async () => {
        // What a run that was killed left would be taken for the host's own.
        await world.engine.destroy(deployment, { data: false });
        before = await world.left(deployment);
      });
      afterAll(() => world.engine.destroy(deployment, { data: false }));
      part(world, deployment, ports);
      describe('destroying', () => ending(world, deployment, () => before));
    });
  }
}

function ending(world: World, deployment: string, before: () => Left): void {
  const other = new Stage(world, `${deployment}-other`, 1);

  test('with data kept takes all but that away', async () => {
    await world.engine.destroy(deployment, { data: true });
    expect(world.instances(deployment).size).toBe(0);
    expect(await world.left(deployment)).not.toEqual(before());
  });

  test('takes everything away, also again', async () => {
    await world.engine.destroy(deployment, { data: false });
    expect(await world.left(deployment)).toEqual(before());
    await world.engine.destroy(deployment, { data: false });
  });

  test('leaves others alone', async () => {
    await other.set();
    await other.start(other.variant(other.workload('store/server'), 'exec sleep 1000'));
    await world.engine.destroy(deployment, { data: false });
    expect(world.instances(other.name).size).toBe(1);
    await world.engine.destroy(other.name, { data: false });
  });
}
