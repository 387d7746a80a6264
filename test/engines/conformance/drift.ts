import { beforeAll, describe, expect, test, vi } from 'vitest';
import { Stage } from './stage.ts';
import type { World } from './world.ts';

/** What somebody changes of an instance behind the engine's back: told with what puts it right, never with a secret, and put right so. */
export function drift(world: World, name: string, ports: number): void {
  const stage = new Stage(world, name, ports);
  const { engine } = stage;
  // Instances that an engine makes from a template are made anew for whatever changes in it, and keep their own files.
  const templated = engine.whole !== undefined;
  const front = () => stage.workload('web/front');
  const instance = () => stage.instance('web/front');
  const identity = () => world.instances(name).get(instance());
  const inside = (line: string) => world.shell(instance(), line);
  const told = () => stage.drift('web/front');
  const refresh = () => engine.refreshInstance(front(), instance(), stage.provision(front()));
  const isUp = () => vi.waitFor(() => inside('test -e /run_command'));

  beforeAll(() => stage.set());

  describe('of an instance that nobody changed', () => {
    test('there is none, neither while it waits, nor when it begins, nor later', async () => {
      const heard = stage.listen();
      await stage.start(front());
      await heard.of(instance(), 'waiting');
      expect(await told()).toEqual([]);
      await stage.start(stage.workload('store/server'));
      await stage.run(stage.task('web/setup'));
      await heard.of(instance(), 'started');
      for (let look = 0; look < 20; look++) expect(await told()).toEqual([]);
      await isUp();
      expect(await told()).toEqual([]);
      expect(await stage.drift('store/server')).toEqual([]);
    });
  });

  describe.skipIf(templated)('of a file in an instance', () => {
    const change = () => inside("sed -i 's/^node = .*/node = elsewhere/' /etc/web.conf");

    test('is told with its rule, and no secret', async () => {
      const before = identity();
      change();
      const [one, ...more] = await told();
      expect(more).toEqual([]);
      expect(one).toMatchObject({ remedy: { file: 'web.conf' } });
      expect(one?.diff).toContain('-node = elsewhere\n+node = ');
      expect(JSON.stringify(one)).not.toContain('hunter2');
      expect(identity()).toBe(before);
      expect(inside('cat /etc/web.conf')).toContain('elsewhere');
    });

    test('is not told where nobody says what was applied, nor of one that was made from something else', async () => {
      const looked = await engine.observe(name, stage.desired);
      expect(looked.instances?.flatMap((one) => one.drift ?? [])).toEqual([]);
      const other = stage.desired.resources.map((one) =>
        one.kind === 'workload' ? { ...one, fingerprint: 'another' } : one,
      );
      expect(await stage.drift('web/front', { ...stage.desired, resources: other })).toEqual([]);
    });

    test('is put right without another instance', async () => {
      const before = identity();
      await refresh();
      expect(await told()).toEqual([]);
      expect(identity()).toBe(before);
      expect(inside('cat /etc/web.conf')).toContain(`password = hunter2-${name}`);
    });

    test('is put right by a new one too', async () => {
      change();
      await engine.removeInstance(name, instance());
      await stage.start(front());
      await isUp();
      expect(await told()).toEqual([]);
    });
  });

  describe('of an instance itself', () => {
    test('that can be put right while it runs is so', async () => {
      const before = identity();
      await world.edit(instance(), 'beside');
      expect(await told()).toMatchObject([{ remedy: 'in-place' }]);
      await refresh();
      expect(await told()).toEqual([]);
      expect(identity()).toBe(before);
    });

    test('that cannot is put right by a new one', async () => {
      await world.edit(instance(), 'spec');
      expect(await told()).toMatchObject([{ remedy: 'replace' }]);
      await engine.removeInstance(name, instance());
      await stage.start(front());
      expect(await told()).toEqual([]);
    });
  });

  describe.skipIf(templated)('of memory and processors', () => {
    test('that are asked for otherwise, an instance is made so while it runs', async () => {
      const more = { ...front(), resources: { memory: 64 * 2 ** 20, cpus: 2 } };
      const applied = {
        ...stage.desired,
        resources: stage.desired.resources.map((one) =>
          one.kind === 'workload' && one.id === more.id ? more : one,
        ),
      };
      const before = identity();
      expect(await stage.drift('web/front', applied)).not.toEqual([]);
      await engine.refreshInstance(more, instance(), stage.provision(more));
      expect(await stage.drift('web/front', applied)).toEqual([]);
      expect(identity()).toBe(before);
      await refresh();
      expect(await told()).toEqual([]);
    });
  });
}
