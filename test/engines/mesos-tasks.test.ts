import { execFileSync } from 'node:child_process';
import { expect, onTestFinished, test } from 'vitest';
import { startFiles } from '../../src/engines/marathon/boot.ts';
import { mesosTask } from '../../src/engines/marathon/render/mesos-task.ts';
import { RenderScope } from '../../src/engines/marathon/render/scope.ts';
import { processBundle, secretFiles } from '../../src/engines/marathon/render/spec.ts';
import { settingsOf } from '../../src/engines/marathon/settings.ts';
import { Znodes } from '../../src/engines/marathon/znodes.ts';
import { TaskRunner } from '../../src/mesos/tasks.ts';
import { desiredOf } from '../../src/plan/testing.ts';
import { ZooKeeperClient } from '../../src/zookeeper/client.ts';
import { StoreKey } from '../../src/zookeeper/seal.ts';
import { dockerExecutor } from '../mesos/docker-executor.ts';
import { MesosStandIn } from '../mesos/stand-in.ts';
import { describeWithZooKeeper } from '../zookeeper/testing.ts';
import { image } from './docker-world.ts';

const deployment = 'test';
const label = 'io.kollage.deployment=kollage-mesos-tasks';

describeWithZooKeeper('tasks of a deployment on Mesos, with what they need in ZooKeeper', 1, (ensemble) => {
  test('are run as containers which fetch what they run, wait for each other, and record how they ended; once, though streams break', async () => {
    const key = new StoreKey('the-secret-of-the-store', deployment);
    const client = new ZooKeeperClient({ servers: ensemble().servers, credentials: [key.owner] });
    onTestFinished(() => client.close());
    const znodes = new Znodes(client, deployment, key);
    const zookeeper = ensemble()
      .servers.map(({ host, port }) => `${host}:${port}`)
      .join();
    const show = ['sh', '-c', 'cat /tmp/first.conf; printf 4711 > /tmp/port'];
    const use = ['sh', '-c', 'test "$PORT" = 4711 && test "@{secret.pass}" = hunter2'];
    const common = { image, start: 'plain', user: 'root', secrets: ['pass'] } as const;
    const desired = desiredOf({
      engine: 'marathon',
      nodes: ['agent-1', 'agent-2'],
      secrets: { pass: 'print' },
      tasks: [
        {
          ...common,
          id: 'db/first',
          command: show,
          files: [{ name: 'first.conf', path: '/tmp/first.conf', content: 'p = @{secret.pass}\n' }],
          outputs: { port: '/tmp/port' },
        },
        {
          ...common,
          id: 'db/second',
          command: use,
          env: { PORT: '@{output.db/first:port}' },
          needs: [
            { kind: 'task', task: 'db/first' },
            { kind: 'output', output: 'db/first', key: 'port' },
          ],
        },
      ],
    });
    const scope = new RenderScope({
      desired,
      settings: settingsOf({ type: 'marathon', zookeeper }),
      start: startFiles(),
    });
    await znodes.prepare(scope.start);

    const roles = { kollage_roles: 'controller' };
    await using mesos = await MesosStandIn.start({
      agents: [
        { hostname: 'agent-1', attributes: roles },
        { hostname: 'agent-2', attributes: roles },
        { hostname: 'other' },
      ],
      executor: dockerExecutor(label),
      heartbeat: 1,
      masters: 2,
    });
    let framework: string | null = null;
    const memory = {
      recall: async () => framework,
      keep: async (id: string | null) => {
        framework = id;
      },
    };
    const { masters } = mesos;
    const runner = new TaskRunner({ masters, memory, name: 'kollage-test', user: 'root', role: 'kollage' });
    onTestFinished(() => runner.close());

    const ends = scope.tasks.map(async (task) => {
      const bundle = processBundle(scope, task);
      const files = [...bundle.files, ...secretFiles(task, () => 'hunter2')];
      await znodes.want(task.id, task.fingerprint);
      await znodes.publish(task.id, task.fingerprint, { ...bundle, files });
      const variables = znodes.variables(task.id, task.fingerprint, zookeeper);
      return runner.run(mesosTask(scope, task, { attempt: 1, node: null, variables }));
    });
    // The second one waits inside for the first; meanwhile another master comes to lead.
    await expect.poll(() => mesos.launched, { timeout: 60_000 }).toHaveLength(2);
    mesos.failOver();
    mesos.recover();
    expect(await Promise.all(ends)).toEqual([{ state: 'finished' }, { state: 'finished' }]);
    expect(mesos.launched, 'each once').toHaveLength(2);
    for (const { id, fingerprint } of scope.tasks) {
      const record = await client.get(znodes.path('tasks', id, fingerprint));
      expect(JSON.parse(String(record?.data))).toMatchObject({
        state: 'done',
        exitCode: 0,
        node: expect.stringMatching(/^agent-[12]$/),
      });
    }
    // One more run of what is done does nothing, and tells the same.
    const [first] = scope.tasks;
    if (!first) throw new Error('it is not there');
    const variables = znodes.variables(first.id, first.fingerprint, zookeeper);
    expect(await runner.run(mesosTask(scope, first, { attempt: 2, node: 'agent-2', variables }))).toEqual({
      state: 'finished',
    });
    const left = execFileSync('docker', ['ps', '--all', '--quiet', '--filter', `label=${label}`], {
      encoding: 'utf8',
    });
    expect(left, 'no container is left').toBe('');
  });
});
