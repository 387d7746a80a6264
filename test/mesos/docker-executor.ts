import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { promisify } from 'node:util';
import { z } from 'zod';
import type { TaskInfo } from './calls.ts';
import type { Running } from './stand-in.ts';

const run = promisify(execFile);

/** What Mesos' Docker containerizer makes of a task, as far as we use it (apache/mesos, src/docker/docker.cpp: Docker::RunOptions::create). */
const info = z.strictObject({
  command: z.strictObject({
    shell: z.boolean(),
    value: z.string().optional(),
    arguments: z.array(z.string()).optional(),
    environment: z
      .strictObject({
        variables: z.array(
          z.strictObject({ name: z.string(), type: z.literal('VALUE').optional(), value: z.string() }),
        ),
      })
      .optional(),
  }),
  container: z.strictObject({
    type: z.literal('DOCKER'),
    volumes: z
      .array(
        z.strictObject({ container_path: z.string(), host_path: z.string(), mode: z.enum(['RW', 'RO']) }),
      )
      .optional(),
    docker: z.strictObject({
      image: z.string(),
      network: z.enum(['HOST', 'BRIDGE', 'NONE', 'USER']),
      privileged: z.boolean().optional(),
      parameters: z.array(z.strictObject({ key: z.string(), value: z.string() })).optional(),
      force_pull_image: z.boolean().optional(),
    }),
  }),
});

/** Starts the container of a task through Docker, labelled so that a test finds what is its own. */
export function dockerExecutor(label: string): (task: TaskInfo, host: string) => Running {
  return (task, host) => {
    const { command, container } = info.parse({ command: task.command, container: task.container });
    const name = `mesos-${task.task_id.value.replace(/[^A-Za-z0-9_.-]/g, '-')}`;
    const own = [
      ['MESOS_TASK_ID', task.task_id.value],
      ['HOST', host],
    ];
    const variables = (command.environment?.variables ?? []).map(({ name, value }) => [name, value]);
    const words = [
      ...[
        'run',
        '--rm',
        '--name',
        name,
        '--label',
        label,
        '--network',
        container.docker.network.toLowerCase(),
      ],
      ...[...own, ...variables].flatMap(([key, value]) => ['--env', `${key}=${value}`]),
      ...(container.volumes ?? []).flatMap((one) => [
        '--volume',
        `${one.host_path}:${one.container_path}:${one.mode.toLowerCase()}`,
      ]),
      ...(container.docker.parameters ?? []).map(({ key, value }) => `--${key}=${value}`),
      ...(command.shell ? ['--entrypoint=/bin/sh'] : []),
      container.docker.image,
      ...(command.shell ? ['-c', command.value ?? ''] : (command.arguments ?? [])),
    ];
    const child = spawn('docker', words, { stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    child.stderr.on('data', (piece) => {
      said = `${said}${piece}`.slice(-500);
    });
    return {
      ended: once(child, 'close').then(([code]) => ({ code: Number(code), message: said.trim() })),
      kill: async () => void (await run('docker', ['stop', '--time', '1', name]).catch(() => undefined)),
    };
  };
}
