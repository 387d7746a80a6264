import { PassThrough } from 'node:stream';
import { beforeAll, describe, expect, test } from 'vitest';
import { captured, type Io } from '../../../src/engines/io.ts';
import { complaints } from '../../support/folders.ts';
import { Stage } from './stage.ts';
import type { World } from './world.ts';

/** What an instance is told and tells: configuration and secrets, logs, commands. */
export function talking(world: World, name: string, ports: number): void {
  const stage = new Stage(world, name, ports);
  const { engine } = stage;
  const exec = (id: string, command: readonly string[]) =>
    captured((io) => engine.exec(name, stage.instance(id), command, io));
  const front = () => stage.workload('web/front');
  const run = (...command: string[]) => exec('web/back', command);

  beforeAll(() => stage.set());

  describe('configuration', () => {
    test('reaches the process with its secret and the name of its node, and nobody else', async () => {
      const { config } = front();
      await stage.start(stage.variant(front(), 'exec sleep 1000', { config }));
      const { code, output } = await exec('web/front', ['cat', '/etc/web.conf']);
      expect([code, output]).toEqual([0, expect.stringContaining(`password = hunter2-${name}`)]);
      expect(output).not.toContain('@{');
      expect(await world.told(name)).not.toContain('hunter2');
    });
  });

  describe('logs', () => {
    const lines = (count: number) => Array.from({ length: count }, (_, index) => `line ${index + 1}`);
    const speak = 'for i in $(seq 50); do echo line $i; done; echo wrong >&2';

    test('have all lines of both streams; the last ones when only those are wanted', async () => {
      expect(await stage.run(stage.variant(stage.task('web/setup'), speak))).toEqual([0]);
      expect((await stage.logs('web/setup')).sort()).toEqual([...lines(50), 'wrong'].sort());
      expect(await stage.logs('web/setup', { tail: 51 })).toHaveLength(51);
      expect(await stage.logs('web/setup', { tail: 3 })).toHaveLength(3);
    });

    test('have what came since', async () => {
      const now = Date.now();
      expect(await stage.logs('web/setup', { since: now + 60_000 })).toEqual([]);
      expect(await stage.logs('web/setup', { since: now - 600_000 })).toHaveLength(51);
    });

    test('of a task that was just started are followed to its end', async () => {
      const task = stage.variant(stage.task('web/setup'), 'echo one; sleep 0.5; echo two');
      await engine.startTask(task, stage.provision(task));
      expect(await Array.fromAsync(stage.follow('web/setup'))).toEqual(['one', 'two']);
    });

    test('are followed until one has heard enough', async () => {
      await stage.start(stage.variant(front(), 'while :; do echo on; sleep 0.05; done'));
      const heard: string[] = [];
      for await (const line of stage.follow('web/front')) if (heard.push(line) === 5) break;
      expect(heard).toEqual(['on', 'on', 'on', 'on', 'on']);
    });

    test('end with the signal, and with the instance', async () => {
      const stop = new AbortController();
      for await (const _ of engine.logs(name, stage.instance('web/front'), { follow: true }, stop.signal))
        stop.abort();
      const instance = stage.instance('web/front');
      let removed: Promise<void> | undefined;
      for await (const _ of stage.follow('web/front')) removed ??= engine.removeInstance(name, instance);
      await removed;
    });

    test('of what is not there are an error that says so', async () => {
      expect(await complaints(() => stage.logs('web/front'))).toEqual([
        expect.stringMatching(/^KLG-502 .*web-front/),
      ]);
    });
  });

  describe('a command in an instance', () => {
    beforeAll(() =>
      stage.start(stage.variant(stage.workload('web/back'), 'exec sleep 1000')).then(() => undefined),
    );

    test.each([0, 1, 42])('ends with %i', async (code) => {
      expect(await run('sh', '-c', `exit ${code}`)).toEqual({ code, output: '' });
    });

    test('tells what both streams say', async () => {
      const { output } = await run('sh', '-c', 'echo out; echo err >&2');
      expect(output.split('\n').sort()).toEqual(['', 'err', 'out']);
    });

    test('may say much', async () => {
      const { code, output } = await run('python3', '-c', 'print("é" * 2_000_000)');
      expect([code, output.length, output.slice(-3)]).toEqual([0, 2_000_001, 'éé\n']);
    });

    test('gets its words as they are', async () => {
      const words = ['two words', '', '$HOME', "it's", 'é'];
      const { output } = await run('python3', '-c', 'import sys; print(sys.argv[1:])', ...words);
      expect(output.trim()).toBe(`['two words', '', '$HOME', "it's", 'é']`);
    });

    test('that is not there ends with 126 or 127', async () => {
      expect([126, 127]).toContain((await run('no-such-command')).code);
    });

    test('that takes no notice of being interrupted is not waited for', async () => {
      const stop = new AbortController();
      const stdout = new PassThrough().on('data', () => stop.abort());
      const deaf = ['sh', '-c', 'trap "" INT; echo on; while :; do sleep 1; done'];
      const run = (io: Io) => engine.exec(name, stage.instance('web/back'), deaf, { ...io, stdout });
      expect((await captured(run, stop.signal)).code).not.toBe(0);
    });

    test('in an instance that is not there is an error that says so', async () => {
      expect(await complaints(() => exec('web/none', ['true']))).toEqual([
        expect.stringMatching(/^KLG-502 .*web-none/),
      ]);
    });
  });

  describe('the nodes', () => {
    test('are those that there are, with what they have', async () => {
      const nodes = await engine.nodes(stage.desired);
      expect(nodes).toEqual([expect.objectContaining({ why: null })]);
      expect(nodes.every(({ memory, cpus }) => memory > 2 ** 20 && cpus >= 1)).toBe(true);
    });

    test('of what cannot be reached are an error that says so', async () => {
      const asked = () => world.unreachable.nodes(stage.desired);
      expect(await complaints(asked)).toEqual([expect.stringMatching(/^KLG-501 /)]);
    });
  });
}
