import type { Finding } from './error.ts';
import type { ResourceKey } from './resource.ts';

/** An instance of a workload as an engine has it. */
export interface ObservedInstance {
  readonly workload: string;
  /** As the engine calls it. */
  readonly name?: string;
  readonly node: string;
  /** The fingerprint it was made with. */
  readonly fingerprint: string;
  readonly state: 'running' | 'starting' | 'unhealthy' | 'stopped' | 'missing';
  /** Why its node cannot be asked: whether it runs there still is not known. */
  readonly away?: string;
  /** Milliseconds since the epoch, by its node's clock: its process did not begin before. */
  readonly since?: number;
  /** The id of the image that it runs: a reference may have come to mean another one since. */
  readonly image?: string;
  /** What it publishes now. */
  readonly outputs?: Readonly<Record<string, string>>;
  /** Outputs (`ID:KEY`) that have another value now than what was filled into its files. */
  readonly outdated?: Readonly<Record<string, { readonly before: string | null; readonly after: string }>>;
  /** What somebody changed of it since it was made, as the engine tells it. */
  readonly drift?: readonly Drift[];
}

/** One thing that somebody changed of an instance by hand. Its texts hold no secret's value. */
export interface Drift {
  /** In words: `keystone.conf was changed in the container`. */
  readonly text: string;
  /** Of a file's text: a unified diff from what is there to what shall be. */
  readonly diff?: string;
  /** What puts it right: something that the process does not notice, a new container, or what this file of its bundle asks for. */
  readonly remedy: 'in-place' | 'replace' | { readonly file: string };
}

export interface ObservedNode {
  readonly name: string;
  /** Bytes; processors. */
  readonly memory?: number;
  readonly cpus?: number;
  /** What listens already and is not ours. */
  readonly listeners?: readonly {
    readonly port: number;
    readonly protocol: 'tcp' | 'udp';
    readonly address: string;
    readonly process?: string;
  }[];
  /** Linux capabilities that the engine may hand out, devices and kernel features that are there. */
  readonly capabilities?: readonly string[];
  readonly devices?: readonly string[];
  /** References of images that are present. */
  readonly images?: readonly string[];
  /** What the references of images mean there now: their ids. */
  readonly imageIds?: Readonly<Record<string, string>>;
}

/** What is there now. A part that was not looked at is left out, and then nothing is concluded from it. */
export interface Observed {
  readonly instances?: readonly ObservedInstance[];
  /** The ids of the volumes that are there. */
  readonly volumes?: readonly string[];
  /** Done tasks, by `id` and fingerprint. */
  readonly tasks?: readonly { readonly id: string; readonly fingerprint: string }[];
  readonly nodes?: readonly ObservedNode[];
  /** Images that a registry offers. */
  readonly images?: readonly string[];
}

/** Why something changes, down to the field or the line. Texts hold tokens, never a secret's value. */
export interface Reason {
  readonly what:
    | 'new'
    | 'gone'
    | 'image'
    | 'file'
    | 'field'
    | 'secret'
    | 'scale'
    | 'placement'
    | 'drift'
    | 'state'
    | 'needed';
  /** The file, field or secret. */
  readonly where: string;
  readonly before?: string;
  readonly after?: string;
  /** A unified diff, for files. */
  readonly diff?: string;
}

export type Action = 'create' | 'update' | 'delete' | 'run' | 'none';
/** How an update is carried out, from what disturbs least to what disturbs most. */
export type Mode = 'in-place' | 'reload' | 'restart' | 'roll' | 'replace';

export interface Change {
  readonly key: ResourceKey;
  readonly action: Action;
  readonly mode?: Mode;
  readonly reasons: readonly Reason[];
  /** How many instances it touches, and on which nodes. */
  readonly instances: number;
  readonly nodes: readonly string[];
  /** What a user of the platform notices meanwhile; empty when nothing. */
  readonly disturbs: readonly string[];
}

export interface Plan {
  readonly deployment: string;
  readonly release: string;
  /** The fingerprint that it leads to, and the one it starts from (null: nothing was there). */
  readonly target: string;
  readonly base: string | null;
  /** In the order in which they can begin; `none` changes are left out. */
  readonly changes: readonly Change[];
  readonly findings: readonly Finding[];
  readonly summary: Readonly<Record<Action, number>>;
}
