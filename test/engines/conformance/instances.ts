import { beforeAll, describe, expect, test } from 'vitest';
import { complaints } from '../../support/folders.ts';
import { isAbout, Stage } from './stage.ts';
import type { World } from './world.ts';

/** Volumes, and instances of workloads: made, found as they should be, waiting, replaced, put right, ended. */
export function instances(world: World, name: string, ports: number): void {
  const stage = new Stage(world, name, ports);
  const { engine } = stage;
  const identity = (id: string) => world.instances(name).get(stage.instance(id));
  // What an engine makes from a template is not changed while it runs, and a volume of each node is a folder that it makes by itself.
  const templated = engine.whole !== undefined;
  const store = () => stage.workload('store/server');
  const back = () => stage.workload('web/back');

  beforeAll(() => stage.set());

  describe('the engine itself', () => {
    test('says its version', async () => {
      expect(await engine.version()).toMatch(/\d/);
    });

    test('that cannot be reached is KLG-501', async () => {
      expect(await complaints(() => world.unreachable.version())).toEqual([
        expect.stringMatching(/^KLG-501 /),
      ]);
    });
  });

  describe('volumes', () => {
    test('made again, one keeps what it holds', async () => {
      const keep = stage.variant(stage.task('web/setup'), 'echo kept > /data/kept');
      expect(await stage.run(keep)).toEqual([0]);
      for (const resource of stage.desired.resources)
        if (resource.kind === 'volume') await engine.makeVolume(name, resource, stage.desired);
      expect(world.readVolume(name, 'web/data', 'kept')).toBe('kept\n');
    });
  });

  describe.skipIf(templated)('an instance whose volume is gone', () => {
    test('does not begin with an empty one', async () => {
      const [volume] = stage.desired.resources.flatMap((one) => (one.kind === 'volume' ? [one] : []));
      if (!volume) throw new Error('the shop has a volume');
      const { mounts } = stage.task('web/setup');
      await engine.removeInstance(name, stage.instance('web/setup'));
      await engine.removeVolume(name, volume.id);
      const keeps = stage.variant(stage.workload('web/front'), 'exec sleep 1000', { mounts });
      expect(await complaints(() => stage.start(keeps))).toEqual([
        expect.stringMatching(/^KLG-502 .*web-front.*volume/),
      ]);
      expect((await engine.observe(name, stage.desired)).volumes).toEqual([]);
      await engine.makeVolume(name, volume, stage.desired);
      expect(await stage.start(keeps)).toMatchObject({ begun: true });
      await engine.removeInstance(name, stage.instance('web/front'));
    });
  });

  describe('an instance', () => {
    test('that waits for nothing begins at once', async () => {
      expect(await stage.start(store())).toMatchObject({ begun: true });
      expect(await stage.observed('store/server')).toEqual({
        state: 'running',
        fingerprint: store().fingerprint,
      });
    });

    test('with the same fingerprint is left as it is', async () => {
      const before = identity('store/server');
      expect(await stage.start(store())).toMatchObject({ begun: true });
      expect(identity('store/server')).toBe(before);
    });

    test('with another fingerprint is replaced', async () => {
      const before = identity('store/server');
      const other = stage.variant(store(), 'exec sleep 1000');
      await stage.start(other);
      expect(identity('store/server')).not.toBe(before);
      expect(await stage.observed('store/server')).toEqual({
        state: 'running',
        fingerprint: other.fingerprint,
      });
      await stage.start(store());
    });

    test.each(['stop', 'remove'] as const)('that somebody did %s is put right', async (what) => {
      await world[what](stage.instance('store/server'));
      // Where the engine makes instances by itself, one that is stopped may be there again before anybody looks.
      if (what === 'remove' || !engine.whole)
        await stage.becomes('store/server', what === 'stop' ? 'stopped' : undefined);
      await stage.start(store());
      await stage.becomes('store/server', 'running');
    });

    test("whose name somebody else's container has leaves that one alone", async () => {
      const other = await world.occupy(stage.instance('web/front'));
      const wrong = await complaints(() => stage.start(stage.workload('web/front')));
      expect(wrong).toEqual([expect.stringMatching(/^KLG-502 .*web-front/)]);
      await engine.removeInstance(name, stage.instance('web/front'));
      expect(await other.untouched()).toBe(true);
      await other.remove();
    });
  });

  describe('what an instance needs', () => {
    test('is waited for, named, and then the process starts', async () => {
      const heard = stage.listen();
      const instance = stage.instance('web/back');
      await engine.removeInstance(name, stage.instance('store/server'));
      expect(await stage.start(back())).toMatchObject({ begun: false });
      expect((await heard.of(instance, 'waiting'))[0]?.needs).toEqual(['store/main']);
      await stage.start(store());
      await heard.of(instance, 'started');
      const types = heard.events.flatMap((event) => (isAbout(event, instance) ? [event.type] : []));
      expect(types).toEqual(['waiting', 'started']);
      expect(await stage.start(back())).toMatchObject({ begun: true });
    });

    test('is waited for also by those who begin to watch meanwhile', async () => {
      const waiting = stage.listen();
      const instance = stage.instance('web/back');
      await engine.removeInstance(name, instance);
      await engine.removeInstance(name, stage.instance('store/server'));
      await stage.start(back());
      await waiting.of(instance, 'waiting');
      const before = identity('web/back');
      const heard = stage.listen();
      // One that is told of the whole has nothing to start, and so nothing to tell of it.
      if (!engine.whole) expect(await stage.start(back())).toMatchObject({ begun: false });
      await stage.start(store());
      await heard.of(instance, 'started');
      expect(identity('web/back')).toBe(before);
    });

    test('that does not come in time is named in the log, and the code is 75', async () => {
      await engine.removeInstance(name, stage.instance('store/server'));
      await engine.removeInstance(name, stage.instance('web/back'));
      const heard = stage.listen();
      await stage.start(back(), { needsTimeout: 1 });
      expect((await heard.exits(stage.instance('web/back')))[0]).toBe(75);
      expect((await stage.logs('web/back')).join('\n')).toContain('store/main');
      await stage.start(store());
    });

    test('is waited for again by a process that was killed, which comes back by itself', async () => {
      const instance = stage.instance('web/back');
      await engine.removeInstance(name, instance);
      const heard = stage.listen();
      await stage.start(back());
      await heard.of(instance, 'started');
      world.kill(instance);
      expect(await heard.exits(instance)).toEqual([137]);
      await heard.of(instance, 'started', 2);
      await stage.becomes('web/back', 'running');
    });
  });

  describe('when a process began', () => {
    // Of a workload as a whole there is no one process; some engines tell times to the second.
    const asBefore = (since: number) => ({ begun: true, ...(!engine.whole && { since }) });

    test('is told of one that waited: by the event, when it is seen, and when it is started again', async () => {
      const instance = stage.instance('web/back');
      await engine.removeInstance(name, instance);
      const heard = stage.listen();
      const from = Math.floor(Date.now() / 1000) * 1000;
      await stage.start(back());
      const [started] = await heard.of(instance, 'started');
      const since = started?.since ?? Number.NaN;
      expect(since).toBeGreaterThanOrEqual(from);
      expect(since).toBeLessThanOrEqual(Date.now());
      expect(await stage.since('web/back')).toBe(since);
      expect(await stage.start(back())).toMatchObject(asBefore(since));
      world.kill(instance);
      const [, again] = await heard.of(instance, 'started', 2);
      expect(again?.since).toBeGreaterThan(since);
      expect(await stage.since('web/back')).toBe(again?.since);
    });

    test('is told of one that waits for nothing, and anew when it comes back by itself', async () => {
      await engine.removeInstance(name, stage.instance('store/server'));
      const from = Math.floor(Date.now() / 1000) * 1000;
      await stage.start(store());
      const since = await stage.since('store/server');
      expect(since).toBeGreaterThanOrEqual(from);
      expect(await stage.start(store())).toMatchObject(asBefore(since));
      world.kill(stage.instance('store/server'));
      await expect.poll(() => stage.since('store/server'), { timeout: 30_000 }).toBeGreaterThan(since);
    });
  });

  describe('what an instance that runs is told otherwise', () => {
    test('about its needs, it waits for when it starts again', async () => {
      const instance = stage.instance('web/back');
      await engine.removeInstance(name, instance);
      await stage.start(store());
      const heard = stage.listen();
      await stage.start(back());
      await heard.of(instance, 'started');
      const { needs } = stage.workload('web/front');
      const more = { ...back(), needs: needs.filter(({ kind }) => kind === 'task') };
      await engine.refreshInstance(more, instance, stage.provision(more));
      // A pod waits before its process begins for the first time, not when that is started again.
      if (templated) await world.stop(instance);
      else {
        world.kill(instance);
        await heard.exits(instance);
      }
      const waits = async () => (await heard.of(instance, 'waiting')).at(-1)?.needs;
      await expect.poll(waits, { timeout: 60_000 }).toEqual([expect.stringContaining('web/setup')]);
      await stage.run(stage.task('web/setup'));
      await heard.of(instance, 'started', 2);
      await engine.removeInstance(name, instance);
    });
  });

  describe('removing', () => {
    const told = 'trap "echo told > /data/told; exit 0" TERM; echo up; while :; do sleep 0.05; done';
    const deaf = 'trap "" TERM; echo up; while :; do sleep 0.05; done';
    const ending = (line: string, signal: string | null = null) =>
      stage.variant(stage.workload('web/front'), line, {
        mounts: stage.task('web/setup').mounts,
        stop: { signal, command: null, grace: 1 },
      });
    const gone = async (id: string) => {
      await engine.removeInstance(name, stage.instance(id));
      expect(identity(id)).toBeUndefined();
      expect(await stage.observed(id)).toBeUndefined();
    };
    const isUp = async () => {
      for await (const line of stage.follow('web/front')) if (line === 'up') break;
    };

    test('lets a process end as it wants to', async () => {
      await stage.start(ending(told));
      await isUp();
      await gone('web/front');
      expect(world.readVolume(name, 'web/data', 'told')).toBe('told\n');
    });

    test('sends the signal that a workload asks for', async () => {
      await stage.start(ending(told.replaceAll('told', 'asked').replace('TERM', 'USR1'), 'SIGUSR1'));
      await isUp();
      await gone('web/front');
      expect(world.readVolume(name, 'web/data', 'asked')).toBe('asked\n');
    });

    test.skipIf(templated)('does as the workload says by now', async () => {
      const patient = stage.variant(stage.workload('web/front'), told.replace('TERM', 'USR1'), {
        mounts: stage.task('web/setup').mounts,
        stop: { signal: null, command: null, grace: 60 },
      });
      await stage.start(patient);
      await isUp();
      const now = { ...patient, stop: { signal: 'USR1', command: null, grace: 30 } };
      await engine.refreshInstance(now, stage.instance('web/front'), stage.provision(now));
      await gone('web/front');
      expect(world.readVolume(name, 'web/data', 'told')).toBe('told\n');
    });

    test.skipIf(templated)('does not wait longer than the workload says by now', async () => {
      const patient = { ...ending(deaf), stop: { signal: null, command: null, grace: 300 } };
      await stage.start(patient);
      await isUp();
      const now = { ...patient, stop: { ...patient.stop, grace: 1 } };
      await engine.refreshInstance(now, stage.instance('web/front'), stage.provision(now));
      const began = Date.now();
      await gone('web/front');
      expect(Date.now() - began).toBeLessThan(60_000);
    });

    test('kills what does not end, after its time', async () => {
      await stage.start(ending(deaf));
      await isUp();
      await gone('web/front');
    });

    test('what is not there is no error', () => gone('web/front'));
  });
}
