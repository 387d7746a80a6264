import type { EngineTraits } from '../model/loaded.ts';
import type { Observed } from '../model/plan.ts';
import type { ConfigBundle, Desired, Task, Tool, Volume, Workload } from '../model/resource.ts';
import type { Io } from './io.ts';

/** What an engine is handed together with a process: what its container needs beside itself. */
export interface Provision {
  readonly deployment: string;
  readonly bundle: ConfigBundle | null;
  /** What it is part of: an engine that takes whole workloads knows its names from there. */
  readonly desired?: Desired;
  /** The fingerprints of the tasks that it needs. */
  readonly tasks: ReadonlyMap<string, string>;
  /** A secret's value, by name. */
  readonly secret: (name: string) => string | undefined;
  /** Seconds after which the start program gives up what is not there. */
  readonly needsTimeout: number;
  /** How many wait for it, one after the other: where the processors are short, it goes before those. None when not given. */
  readonly urgency?: number;
}

/** What was applied last, from which instances were made. */
export interface Applied {
  readonly desired: Desired;
  /** A secret's value then, by name. */
  readonly secret: (name: string) => string | undefined;
}

/** How an operator calls a tool. */
export interface ToolCall {
  readonly deployment: string;
  /** What it is part of: a tool that mounts volumes needs it where an engine knows those by more than their names. */
  readonly desired?: Desired;
  readonly args: readonly string[];
  readonly bundle: ConfigBundle | null;
  /** A secret's value, by name. */
  readonly secret: (name: string) => string | undefined;
  /** `UID:GID` of the operator; null where the system knows none. */
  readonly user: string | null;
  /** Where the operator stands: the tool sees the files there, if the engine can show them. */
  readonly folder: string;
}

/** Whom an event is about. */
interface About {
  readonly instance: string;
  /** Where instances have names of their own: how the engine names their workload or task (`instanceName`). */
  readonly of?: string;
  readonly node?: string;
}

/** What happens to an instance, as the engine tells it. */
export type InstanceEvent = About &
  (
    | { readonly type: 'waiting'; readonly needs: readonly string[] }
    /** `since`: when its process began, in milliseconds since the epoch by its node's clock, where the engine knows. */
    | { readonly type: 'started'; readonly since?: number }
    /** `container` tells which of those that had the instance's name, one after the other. */
    | { readonly type: 'exited'; readonly container: string; readonly code: number }
  );

/** What happens to a workload that the engine was told of as a whole. */
export type WorkloadEvent = About &
  /** All of its instances are as this attempt wants them, and ready. */
  (
    | { readonly type: 'settled'; readonly attempt: string }
    /** Why an instance of it does not come up; empty when that is over. `fatal`: waiting does not help. */
    | { readonly type: 'trouble'; readonly why: string; readonly fatal: boolean }
  );

export type EngineEvent = InstanceEvent | WorkloadEvent;

/** An answer to a request that was made from inside the platform's network. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

/**
 * What an engine does that is told of workloads as a whole, and makes, places and rolls their instances itself. Its network is its own: what is in
 * there is asked through it.
 */
export interface Whole {
  /**
   * Makes a workload what it shall be. Gives what tells this attempt from others in `settled` events, and whether all is so already. What was the
   * same is not touched.
   */
  apply(
    workload: Workload,
    provision: Provision,
  ): Promise<{ readonly attempt: string; readonly settled: boolean }>;
  /** Takes a workload away; done when none of its instances is left. Nothing when it is not there. */
  remove(deployment: string, id: string): Promise<void>;
  /** The instances of a workload, or of all: one question, however many there are. */
  instances(deployment: string, workload: string | null): Promise<readonly WholeInstance[]>;
  /** Makes a request to one of the platform's own addresses. Throws as `fetch` does. */
  request(
    url: string,
    options: {
      readonly method: string;
      readonly headers: Readonly<Record<string, string>>;
      readonly body: string | null;
      readonly signal: AbortSignal;
    },
  ): Promise<Answer>;
}

/** A node that the engine has. */
export interface EngineNode {
  readonly name: string;
  /** The roles that it has for a deployment by what the engine keeps of it; null where the engine keeps none. */
  readonly roles: readonly string[] | null;
  /** Why it runs nothing, or takes nothing new; null when it does. */
  readonly why: string | null;
  /** Bytes. */
  readonly memory: number;
  readonly cpus: number;
}

/** An instance of a workload that the engine placed. */
export interface WholeInstance {
  readonly name: string;
  readonly workload: string;
  /** Where it really is; null while it is nowhere. */
  readonly node: string | null;
  /** Why it is not well by its workload's health check, which the engine makes; null when it is. */
  readonly why: string | null;
  /** It is being taken away. */
  readonly going: boolean;
}

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
  /** Where it takes workloads as a whole (`traits.applies`). */
  readonly whole?: Whole;
  /** Its version. Throws KLG-501 when it cannot be reached. */
  version(): Promise<string>;
  /** The nodes that there are, whether a deployment names them or not, sorted by name. */
  nodes(desired: Pick<Desired, 'deployment' | 'nodes'>): Promise<readonly EngineNode[]>;
  /** How the engine names the nth instance of a workload, or a task's run; counts from 1. */
  instanceName(deployment: string, id: string, number: number): string;
  /** What a node calls itself: what the token `@{node.name}` becomes there. */
  nodeName(node: string): string;
  /**
   * What is there of a deployment. With what was `applied` last, also what somebody changed since of the instances that were made from it; without
   * touching them. What may not be told yet, as of one that is just starting, is left out.
   */
  observe(deployment: string, desired: Desired | null, applied?: Applied | null): Promise<Observed>;
  /** Brings an image to the nodes from its registry. KLG-406 when it cannot be had. */
  pullImage(reference: string): Promise<void>;
  makeVolume(deployment: string, volume: Volume, desired?: Desired): Promise<void>;
  /** Removes a volume with its data; nothing when it is not there. No instance may use it. */
  removeVolume(deployment: string, id: string): Promise<void>;
  /**
   * Makes one instance of a workload and starts it, in the place of one with another fingerprint. Gives its container, as events call it, and
   * whether its process has begun already, because it was there or waits for nothing, and since when if it was there; else a `started` event says
   * so later. KLG-502 where a volume of it is not there: an empty one is made by `makeVolume` alone.
   */
  startInstance(
    workload: Workload,
    instance: string,
    provision: Provision,
  ): Promise<{ readonly container: string; readonly begun: boolean; readonly since?: number }>;
  /**
   * Makes an instance that runs what it shall be, as far as its process need not be touched for it: the files of its bundle, what it may take of
   * memory and processors, what it waits for when it starts again, how it is stopped, what somebody changed of it with the remedy `in-place`. From then on tells the workload's fingerprint for it.
   * Only for what differs in files that are not for a new container alone.
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
  watch(deployment: string, signal: AbortSignal): AsyncIterable<EngineEvent>;
  logs(deployment: string, instance: string, query: LogQuery, signal: AbortSignal): AsyncIterable<string>;
  /** Runs a command in an instance that runs, joined to `io` (`captured` for its output as a text); gives its exit code. */
  exec(deployment: string, instance: string, command: readonly string[], io: Io): Promise<number>;
  /**
   * Where this machine has what an instance of a workload sees at a path, so that it can be looked at without a command in the container; null, or
   * no such method, where it has not.
   */
  hostPath?(workload: Workload, path: string): string | null;
  /** Runs a tool in a container of its own, joined to `io`; gives its exit code. */
  runTool(tool: Tool, call: ToolCall, io: Io): Promise<number>;
  /** Takes away everything that carries the deployment's label. */
  destroy(deployment: string, keep: { readonly data: boolean }): Promise<void>;
}
