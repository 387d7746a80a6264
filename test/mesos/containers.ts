import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import Docker from 'dockerode';
import { messageOf } from '../../src/model/error.ts';
import type { Agent, Claim, Run } from './agents.ts';
import type { TaskInfo } from './calls.ts';
import { runCommand } from './commands.ts';
import { createWords, infoOf } from './run-options.ts';

const run = promisify(execFile);

/** A task as an agent's Docker executor has it. */
export interface Launched {
  readonly run: Run;
  /** Its process has begun; rejects where it could not. */
  readonly started: Promise<void>;
  readonly ended: Promise<{ readonly code: number; readonly message: string }>;
  /** As `docker stop` does: its stop signal, then, after so many seconds, SIGKILL. */
  readonly kill: (grace: number) => Promise<void>;
  /** Runs a command line in it (apache/mesos, src/checks/checker_process.cpp: dockerCheck); gives the exit code, null after so many seconds. */
  readonly shell: (line: string, timeout: number) => Promise<number | null>;
}

export interface ContainerizerOptions {
  /** Labels that all containers get. */
  readonly labels: Readonly<Record<string, string>>;
  /** Where sandboxes lie. */
  readonly folder: string;
  /** What volumes of agents are called by Docker: each agent has a Docker of its own, as far as its tasks can see. */
  readonly volume: (agent: Agent, name: string) => string;
}

/**
 * Starts tasks as containers, as Mesos' Docker containerizer and executor do (apache/mesos, src/slave/containerizer/docker.cpp, src/docker/executor.cpp): what they
 * print goes to `stdout` and `stderr` of their sandbox. What has host networking runs in the namespace of its agent.
 */
export class Containerizer {
  readonly #docker = new Docker();
  readonly #options: ContainerizerOptions;

  constructor(options: ContainerizerOptions) {
    this.#options = options;
  }

  launch(task: TaskInfo, agent: Agent, framework: string, claim: Claim): Launched {
    const container = randomUUID();
    const id = task.task_id.value;
    const directory = join(
      this.#options.folder,
      'slaves',
      agent.id,
      'frameworks',
      framework,
      'executors',
      id,
      'runs',
      container,
    );
    mkdirSync(directory, { recursive: true });
    const entry: Run = {
      task: id,
      name: task.name,
      framework,
      container,
      directory,
      claim,
      state: 'TASK_STAGING',
    };
    agent.runs.push(entry);
    if (task.container === undefined) return this.#command(task, agent, entry);
    const name = `mesos-${container}`;
    const started = this.#start(task, agent, entry, name);
    // Who waits for its end alone is told there.
    started.catch(() => undefined);
    const ended = started.then(
      ({ ended }) => ended,
      (error: unknown) => ({ code: 125, message: `Failed to run docker container: ${saidBy(error)}` }),
    );
    return {
      run: entry,
      started: started.then(() => undefined),
      ended,
      kill: async (grace) => {
        await started.catch(() => undefined);
        await this.#docker
          .getContainer(name)
          .stop({ t: grace })
          .catch(() => undefined);
      },
      shell: (line, timeout) => this.#shell(name, line, timeout),
    };
  }

  /** What has no container runs on the agent itself. */
  #command(task: TaskInfo, agent: Agent, entry: Run): Launched {
    const { ended, kill } = runCommand(task, entry.directory, this.#options.volume(agent, ''));
    return {
      run: entry,
      started: Promise.resolve(),
      ended,
      kill: async () => kill(),
      shell: async () => null,
    };
  }

  async #start(
    task: TaskInfo,
    agent: Agent,
    { directory, claim }: Run,
    name: string,
  ): Promise<{ ended: Launched['ended'] }> {
    const info = infoOf(task);
    if (info.container.docker.force_pull_image) await run('docker', ['pull', info.container.docker.image]);
    const { labels, volume } = this.#options;
    const words = createWords(info, {
      name,
      labels: { ...labels, MESOS_TASK_ID: task.task_id.value },
      claim,
      directory,
      network: `container:${agent.pause}`,
      volume: (one) => volume(agent, one),
    });
    await run('docker', words);
    const container = this.#docker.getContainer(name);
    try {
      const output = await container.attach({ stream: true, stdout: true, stderr: true });
      const files = ['stdout', 'stderr'].map((file) => createWriteStream(join(directory, file)));
      const [stdout, stderr] = files;
      if (stdout && stderr) this.#docker.modem.demuxStream(output, stdout, stderr);
      const printed = once(output, 'close').finally(() => {
        for (const file of files) file.end();
      });
      printed.catch(() => undefined);
      await container.start();
      return { ended: this.#end(container, printed) };
    } catch (error) {
      await container.remove({ force: true }).catch(() => undefined);
      throw error;
    }
  }

  async #end(container: Docker.Container, printed: Promise<unknown>): Promise<Awaited<Launched['ended']>> {
    // Who takes it away by hand has ended it too.
    const status: unknown = await container.wait().catch(() => ({ StatusCode: 137 }));
    const code =
      typeof status === 'object' && status !== null && 'StatusCode' in status ? Number(status.StatusCode) : 1;
    await printed.catch(() => undefined);
    await container.remove({ force: true, v: true }).catch(() => undefined);
    return { code, message: `Container exited with status ${code}` };
  }

  async #shell(name: string, line: string, timeout: number): Promise<number | null> {
    const exec = await this.#docker
      .getContainer(name)
      .exec({ Cmd: ['sh', '-c', line], AttachStdout: true, AttachStderr: true });
    const stream = await exec.start({});
    stream.resume();
    const { promise: late, resolve } = Promise.withResolvers<'late'>();
    const timer = setTimeout(() => resolve('late'), timeout * 1000);
    const outcome = await Promise.race([once(stream, 'close'), late]);
    clearTimeout(timer);
    if (outcome === 'late') {
      stream.destroy();
      return null;
    }
    return (await exec.inspect()).ExitCode;
  }
}

/** What a command said that failed, without the command itself, which has secrets in it. */
function saidBy(error: unknown): string {
  const said = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : '';
  return said || messageOf(error);
}
