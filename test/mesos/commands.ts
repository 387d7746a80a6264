import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, createWriteStream, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { TaskInfo } from './calls.ts';

/** What a command without a container is, as far as ours are. */
const schema = z.looseObject({ shell: z.literal(true), value: z.string() });

/** An agent's Docker, on the path of its commands: volumes that are named there are the agent's own. */
const docker = `#!/bin/sh
[ "$1 $2" = 'volume rm' ] || exec /usr/bin/env PATH="\${PATH#*:}" docker "$@"
shift 2
for word; do
  shift
  case $word in -*) set -- "$@" "$word" ;; *) set -- "$@" "$VOLUMES$word" ;; esac
done
exec /usr/bin/env PATH="\${PATH#*:}" docker volume rm "$@"
`;

export interface Command {
  readonly ended: Promise<{ readonly code: number; readonly message: string }>;
  readonly kill: () => void;
}

/**
 * Runs a command on an agent itself, in the task's sandbox, as Mesos' command executor does (apache/mesos, src/launcher/executor.cpp), which also writes
 * into what the command prints. `volumes`: what stands before the names of the agent's volumes.
 */
export function runCommand({ command, task_id }: TaskInfo, directory: string, volumes: string): Command {
  const { value } = schema.parse(command);
  const path = join(directory, '.path');
  mkdirSync(path);
  writeFileSync(join(path, 'docker'), docker);
  chmodSync(join(path, 'docker'), 0o755);
  const out = createWriteStream(join(directory, 'stdout'));
  const err = createWriteStream(join(directory, 'stderr'));
  out.write(`Starting task ${task_id.value}\n`);
  const child = spawn('sh', ['-c', value], {
    cwd: directory,
    env: { ...process.env, PATH: `${path}:${process.env['PATH'] ?? ''}`, VOLUMES: volumes },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  out.write(`Forked command at ${child.pid}\n`);
  child.stdout.pipe(out);
  child.stderr.pipe(err);
  const ended = once(child, 'close').then(([status, signal]: unknown[]) => ({
    code: signal === null ? Number(status) : 137,
    message:
      signal === null
        ? `Command exited with status ${String(status)}`
        : 'Command terminated with signal Killed',
  }));
  return {
    ended,
    // All that it began goes with it.
    kill: () => void (child.pid !== undefined && process.kill(-child.pid, 'SIGKILL')),
  };
}
