import { beforeAll, describe, expect, test } from 'vitest';
import { Stage } from './stage.ts';
import type { World } from './world.ts';

/** Tasks: run once, recorded, tried again, and what they leave for others. */
export function tasks(world: World, name: string, ports: number): void {
  const stage = new Stage(world, name, ports);
  const setup = (line: string, changed = {}) => stage.variant(stage.task('web/setup'), line, changed);
  const runs = (file: string) => world.readVolume(name, 'web/data', file).split('\n').filter(Boolean).length;
  const done = async (fingerprint: string) =>
    (await stage.engine.observe(name, stage.desired)).tasks?.some((task) => task.fingerprint === fingerprint);

  beforeAll(() => stage.set());

  describe('a task', () => {
    test('is run once, and is done then', async () => {
      const task = setup('echo run >> /data/once');
      expect(await done(task.fingerprint)).toBe(false);
      expect(await stage.run(task)).toEqual([0]);
      expect(await done(task.fingerprint)).toBe(true);
      expect(await stage.run(task)).toEqual([0]);
      expect(runs('once')).toBe(1);
    });

    test('of another fingerprint is another one', async () => {
      expect(await stage.run(setup('echo run >> /data/each'))).toEqual([0]);
      expect(await stage.run(setup('echo run >> /data/each'))).toEqual([0]);
      expect(runs('each')).toBe(2);
    });

    test('that fails is not done, and is run again when it is asked for again', async () => {
      const task = setup('echo run >> /data/failed; exit 3');
      expect(await stage.run(task)).toEqual([3]);
      expect(await done(task.fingerprint)).toBe(false);
      expect(await stage.run(task)).toEqual([3]);
      expect(runs('failed')).toBe(2);
    });

    test('is tried again as often as it says', async () => {
      const task = setup('echo run >> /data/tried; test $(wc -l < /data/tried) -ge 3', { retries: 3 });
      expect(await stage.run(task, 3)).toEqual([1, 1, 0]);
      expect(runs('tried')).toBe(3);
      expect(await done(task.fingerprint)).toBe(true);
    });

    test('is not two at once', async () => {
      const task = setup('mkdir /data/alone && sleep 0.5 && rmdir /data/alone');
      const heard = stage.listen();
      const provide = stage.provision(task);
      await stage.engine.startTask(task, provide);
      await stage.engine.startTask(task, provide);
      expect(await heard.exits(stage.instance(task.id))).toEqual([0]);
    });

    test('leaves values for those who need them', async () => {
      const makes = setup('echo 4711 > /tmp/number', { outputs: { number: '/tmp/number' } });
      const uses = stage.variant(
        stage.workload('web/back'),
        'echo number=@{output.web/setup:number}; exec sleep 1000',
        {
          needs: [{ kind: 'output', output: 'web/setup', key: 'number' }],
        },
      );
      const heard = stage.listen();
      await stage.start(uses);
      expect((await heard.of(stage.instance('web/back'), 'waiting'))[0]?.needs).toEqual([
        'output web/setup:number',
      ]);
      expect(await stage.run(makes)).toEqual([0]);
      await heard.of(stage.instance('web/back'), 'started');
      for await (const line of stage.follow('web/back')) if (line === 'number=4711') break;
    });

    test('is done without being run where another one says that there is nothing to do', async () => {
      const says = setup('echo yes > /tmp/fresh', { outputs: { fresh: '/tmp/fresh' } });
      const unless = { output: 'web/setup', key: 'fresh', is: 'yes' };
      const other = setup('echo run >> /data/needless', { id: 'web/other', unless });
      expect(await stage.engine.recordTask(name, other)).toBe(false);
      expect(await stage.run(says)).toEqual([0]);
      expect(await stage.engine.recordTask(name, { ...other, unless: { ...unless, is: 'no' } })).toBe(false);
      expect(await done(other.fingerprint)).toBe(false);
      expect(await stage.engine.recordTask(name, other)).toBe(true);
      expect(await done(other.fingerprint)).toBe(true);
      expect(await stage.run(other)).toEqual([0]);
      expect(runs('needless')).toBe(0);
    });

    test('that does not leave what it promised has failed', async () => {
      const task = setup('true', { outputs: { number: '/tmp/number' } });
      expect(await stage.run(task)).toEqual([65]);
      expect(await done(task.fingerprint)).toBe(false);
    });
  });
}
