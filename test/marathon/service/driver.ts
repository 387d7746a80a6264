import type { Agent } from '../../mesos/agents.ts';
import type { TaskInfo } from '../../mesos/calls.ts';
import type { Containerizer, Launched } from '../../mesos/containers.ts';
import type { App } from './apps.ts';
import type { TaskEntry } from './instances.ts';
import { taskInfo } from './task-info.ts';

/** What an agent tells of a task. `healthy` comes with the checks that the agent itself makes. */
export interface Update {
  readonly task: string;
  readonly state: string;
  readonly message: string;
  readonly healthy?: boolean;
}

interface Entry {
  readonly agent: Agent;
  readonly launched: Launched;
  killed: boolean;
}

/** Marathon's side of Mesos: launches tasks on agents, and hears from them, as long as these can be reached. */
export class Driver {
  readonly #containerizer: Containerizer;
  readonly #framework: string;
  readonly #tell: (update: Update) => void;
  readonly #tasks = new Map<string, Entry>();
  /** What agents do, or say, once they can be reached again. */
  readonly #later = new Map<Agent, (() => void)[]>();

  constructor(containerizer: Containerizer, framework: string, tell: (update: Update) => void) {
    this.#containerizer = containerizer;
    this.#framework = framework;
    this.#tell = tell;
  }

  launch(app: App, task: TaskEntry): void {
    const { agent, ports } = task;
    const claim = { cpus: app.cpus, mem: app.mem, ports };
    agent.claim(task.id, claim);
    let info: TaskInfo;
    try {
      info = taskInfo(app, task);
    } catch (error) {
      agent.release(task.id);
      this.#tell({ task: task.id, state: 'TASK_ERROR', message: String(error) });
      return;
    }
    const launched = this.#containerizer.launch(info, agent, this.#framework, claim);
    const entry: Entry = { agent, launched, killed: false };
    this.#tasks.set(task.id, entry);
    const say = (state: string, message = '') => {
      launched.run.state = state;
      this.#via(agent, () => this.#tell({ task: task.id, state, message }));
    };
    say('TASK_STARTING');
    launched.started.then(
      () => say('TASK_RUNNING'),
      () => undefined,
    );
    void launched.ended.then(({ code, message }) => {
      agent.release(task.id);
      const state = entry.killed ? 'TASK_KILLED' : code === 0 ? 'TASK_FINISHED' : 'TASK_FAILED';
      launched.run.state = state;
      this.#via(agent, () => {
        this.#tasks.delete(task.id);
        this.#tell({ task: task.id, state, message });
      });
    });
  }

  /** What is asked of an agent that cannot be reached is asked again until it can (core/task/termination/impl/KillServiceActor.scala). */
  kill(task: string, grace: number): void {
    const entry = this.#tasks.get(task);
    if (entry === undefined || entry.killed) return;
    this.#via(entry.agent, () => {
      if (entry.killed) return;
      entry.killed = true;
      void entry.launched.kill(grace);
    });
  }

  shell(task: string, line: string, timeout: number): Promise<number | null> {
    const entry = this.#tasks.get(task);
    return entry ? entry.launched.shell(line, timeout) : Promise.resolve(null);
  }

  /** An agent that was lost is back: it says what has become of its tasks meanwhile. */
  back(agent: Agent): void {
    for (const [task, entry] of this.#tasks)
      if (entry.agent === agent && entry.launched.run.state === 'TASK_RUNNING')
        this.#tell({ task, state: 'TASK_RUNNING', message: '' });
    const later = this.#later.get(agent) ?? [];
    this.#later.delete(agent);
    for (const act of later) act();
  }

  /** Ends all that runs. */
  async stop(): Promise<void> {
    const entries = [...this.#tasks.values()];
    await Promise.all(entries.map(({ launched }) => launched.kill(0)));
    await Promise.all(entries.map(({ launched }) => launched.ended));
  }

  #via(agent: Agent, act: () => void): void {
    if (agent.reachable) act();
    else this.#later.set(agent, [...(this.#later.get(agent) ?? []), act]);
  }
}
