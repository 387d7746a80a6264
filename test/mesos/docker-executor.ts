import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { promisify } from 'node:util';
import type { TaskInfo } from './calls.ts';
import { infoOf } from './run-options.ts';
import type { Running } from './stand-in.ts';

const run = promisify(execFile);

/** Starts the container of a task through Docker, labelled so that a test finds what is its own. */
export function dockerExecutor(label: string): (task: TaskInfo, host: string) => Running {
  return (task, host) => {
    const { command, container } = infoOf(task);
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
