import type { Engine } from '../../../src/engines/engine.ts';

/** What the tests of an engine must do from outside, behind the engine's back, each engine in its own way. */
export interface World {
  /** What kollage.yaml says to reach it: a line, or nothing. */
  readonly settings: string;
  readonly engine: Engine;
  /** The same kind of engine at a place where nothing answers. */
  readonly unreachable: Engine;
  /** An image that has Python and a shell. */
  readonly image: string;
  /** What each instance of a deployment is, by its name: another identity is another container. */
  instances(deployment: string): Map<string, string>;
  /** Kills the process of an instance. */
  kill(instance: string): void;
  /** Orders the engine to kill an instance, which it may take for a wish that it stays so. */
  order(instance: string): void;
  /** Stops or removes an instance as somebody who knows nothing of Kollage would. */
  stop(instance: string): void | Promise<void>;
  remove(instance: string): void | Promise<void>;
  /** Runs a shell's line in an instance as root, and gives what it says; throws when it does not end well. */
  shell(instance: string, line: string): string;
  /** Changes something of an instance that can be put right beside its process, or something that only another instance can be. */
  edit(instance: string, what: 'beside' | 'spec'): void | Promise<void>;
  /** Makes somebody else's container with the name of one of ours. */
  occupy(instance: string): Occupied | Promise<Occupied>;
  /** What a file of a volume holds; empty when it is not there. */
  readVolume(deployment: string, volume: string, path: string): string;
  /** Everything that the engine, its logs and the list of processes tell of a deployment. */
  told(deployment: string): string | Promise<string>;
  /** What a deployment could leave behind, by kind. */
  left(deployment: string): Left | Promise<Left>;
}

/** Names, by kind. */
export type Left = Record<string, string[]>;

export interface Occupied {
  /** Whether it is as it was. */
  untouched(): boolean | Promise<boolean>;
  remove(): void | Promise<void>;
}
