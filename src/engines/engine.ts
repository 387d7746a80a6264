import type { EngineTraits } from '../model/loaded.ts';
import type { Observed } from '../model/plan.ts';
import type { ConfigBundle, Desired, Task, Tool, Volume, Workload } from '../model/resource.ts';
import type { Io } from './io.ts';

/** What an engine is handed together with a process: what its container needs beside itself. */
export interface Provision {
  readonly deployment: string;
  readonly bundle: ConfigBundle | null;
  /** The fingerprints of the tasks that it needs. */
  readonly tasks: ReadonlyMap<string, string>;
  /** A secret's value, by name. */
  readonly secret: (name: string) => string | undefined;
  /** Seconds after which the start program gives up what is not there. */
  readonly needsTimeout: number;
  /** Whether others wait for it: where the processors are short, it goes before them. No when not given. */
  readonly awaited?: boolean;
}

/** How an operator calls a tool. */
export interface ToolCall {
  readonly deployment: string;
  readonly args: readonly string[];
  readonly bundle: ConfigBundle | null;
  /** A secret's value, by name. */
  readonly secret: (name: string) => string | undefined;
  /** `UID:GID` of the operator; null where the system knows none. */
  readonly user: string | null;
  /** Where the operator stands: the tool sees the files there, if the engine can show them. */
  readonly folder: string;
}

/** What happens to an instance, as the engine tells it. */
export type InstanceEvent =
  | { readonly type: 'waiting'; readonly instance: string; readonly needs: readonly string[] }
  | { readonly type: 'started'; readonly instance: string }
  /** `container` tells which of those that had the instance's name, one after the other. */
  | {
      readonly type: 'exited';
      readonly instance: string;
      readonly container: string;
      readonly code: number;
    };

export interface LogQuery {
  readonly follow?: boolean;
  /** The last lines only. */
  readonly tail?: number;
  /** Milliseconds since the epoch. */
  readonly since?: number;
}

/**
 * What runs containers. Every method may be called again after a crash and then finishes what it began: an operation is done
 * when the thing it makes is there with the right fingerprint.
 */
export interface Engine {
  readonly traits: EngineTraits;
  /** Its version. Throws KLG-501 when it cannot be reached. */
  version(): Promise<string>;
  /** How the engine names the nth instance of a workload, or a task's run; counts from 1. */
  instanceName(deployment: string, id: string, number: number): string;
  /** What a node calls itself: what the token `@{node.name}` becomes there. */
  nodeName(node: string): string;
  /** What is there of a deployment. */
  observe(deployment: string, desired: Desired | null): Promise<Observed>;
  /** Brings an image to the nodes from its registry. KLG-406 when it cannot be had. */
  pullImage(reference: string): Promise<void>;
  makeVolume(deployment: string, volume: Volume): Promise<void>;
  /** Removes a volume with its data; nothing when it is not there. No instance may use it. */
  removeVolume(deployment: string, id: string): Promise<void>;
  /**
   * Makes one instance of a workload and starts it, in the place of one with another fingerprint. Gives its container, as events call it, and
   * whether its process has begun already, because it was there or waits for nothing; else a `started` event says so later.
   */
  startInstance(
    workload: Workload,
    instance: string,
    provision: Provision,
  ): Promise<{ readonly container: string; readonly begun: boolean }>;
  /**
   * Brings the files of a workload's bundle into an instance that runs, without touching its process, and from then on tells the workload's
   * fingerprint for it. Only for what differs in files that are not for a new container alone.
   */
  refreshInstance(workload: Workload, instance: string, provision: Provision): Promise<void>;
  /**
   * Publishes what a workload's process has written, for those that wait for it. Instances that were filled with another value keep that
   * (`observe` tells) until they are refreshed.
   */
  publish(deployment: string, id: string, values: Readonly<Record<string, string>>): Promise<void>;
  /** Sends a signal (`HUP`) to the process of an instance. */
  signalInstance(deployment: string, instance: string, signal: string): Promise<void>;
  /** Stops as the workload says, then removes; nothing when it is not there. */
  removeInstance(deployment: string, instance: string): Promise<void>;
  /** Starts a task and gives its container; how it ends comes as an event. A task that is done already is not run again, and ends with 0. */
  startTask(task: Task, provision: Provision): Promise<string>;
  /** Records a task as done, without running it, where its `unless` holds; gives whether it does. */
  recordTask(deployment: string, task: Task): Promise<boolean>;
  /** Takes back that a task is done; nothing when it is not. */
  forgetTask(deployment: string, id: string, fingerprint: string): Promise<void>;
  /** Events of all instances of a deployment from now on, until the signal. */
  watch(deployment: string, signal: AbortSignal): AsyncIterable<InstanceEvent>;
  logs(deployment: string, instance: string, query: LogQuery, signal: AbortSignal): AsyncIterable<string>;
  /** Runs a command in an instance that runs, joined to `io` (`captured` for its output as a text); gives its exit code. */
  exec(deployment: string, instance: string, command: readonly string[], io: Io): Promise<number>;
  /** Runs a tool in a container of its own, joined to `io`; gives its exit code. */
  runTool(tool: Tool, call: ToolCall, io: Io): Promise<number>;
  /** Takes away everything that carries the deployment's label. */
  destroy(deployment: string, keep: { readonly data: boolean }): Promise<void>;
}
