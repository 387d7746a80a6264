import type { Timeouts, UpdatePolicy } from './deployment.ts';
import type { OnChange, TaskPhase } from './service.ts';

/*
 * What every engine is asked to hold. Plain serialisable data: a desired state is a list of these, in a fixed order.
 * Texts may hold tokens (token.ts); no secret's value is ever in here.
 */

/** `kind:id`, unique in a deployment. */
export type ResourceKey = `${Resource['kind']}:${string}`;

export interface ConfigFile {
  /** The file's name in the bundle. */
  readonly name: string;
  /** Where it goes inside the container; null for what the start program or kolla_set_configs reads in place. */
  readonly path: string | null;
  readonly content: string;
  readonly owner: string | null;
  /** Octal, such as 0600. */
  readonly mode: string;
  readonly onChange: OnChange;
  /** Whether its process may write it anew, so that what is in the container tells nothing. No when not given. */
  readonly rewritten?: true;
  /** SHA-256 of content, owner, mode and path. */
  readonly hash: string;
  /** Where its lines come from: the template and the overrides, in the order of merging. */
  readonly sources: readonly string[];
}

/** The configuration files of one workload or task. */
export interface ConfigBundle {
  readonly kind: 'config';
  readonly id: string;
  readonly files: readonly ConfigFile[];
}

/** That a secret is used; its value stays in the store of secrets. The fingerprint is a keyed hash, worthless without the key. */
export interface Secret {
  readonly kind: 'secret';
  readonly id: string;
  readonly fingerprint: string;
  /** What users notice while another value takes its place. */
  readonly noticed?: string;
}

export interface Volume {
  readonly kind: 'volume';
  readonly id: string;
  /** One for the deployment, one on each node that mounts it, or one for each instance of the workload that mounts it: tasks mount the first one's. */
  readonly each: 'deployment' | 'node' | 'instance';
  readonly size: string | null;
}

/** Who reaches an endpoint: users, the platform, the same node, or the other instances of its component. */
export type Exposure = 'public' | 'internal' | 'node' | 'peers';

export interface Endpoint {
  readonly kind: 'endpoint';
  /** `service/name`. */
  readonly id: string;
  /** The workload that answers. */
  readonly workload: string;
  /** The workload in front that takes the requests and hands them on; not there without one. */
  readonly balancer?: string;
  readonly host: string;
  readonly port: number;
  readonly protocol: 'tcp' | 'udp';
  readonly scheme: string;
  readonly path: string;
  readonly exposure: Exposure;
  readonly url: string;
  /** Where users reach it, when they do. */
  readonly publicUrl?: string;
}

export type Probe =
  | {
      readonly type: 'http';
      readonly scheme: string;
      readonly host: string;
      readonly port: number;
      readonly path: string;
      readonly status: readonly number[];
      readonly body: string | null;
    }
  | { readonly type: 'tcp' | 'mysql' | 'amqp' | 'memcached'; readonly host: string; readonly port: number }
  | { readonly type: 'socket' | 'file'; readonly path: string }
  | { readonly type: 'command'; readonly command: readonly string[] };

export interface Health {
  readonly probe: Probe;
  /** Seconds. */
  readonly interval: number;
  readonly timeout: number;
  readonly grace: number;
  /** It may take longer than its grace, and is not ended for that while it takes connections. */
  readonly patient?: true;
}

/** A question to the platform's own API. Names in braces (`{node}`, what the login gives) are filled in when it is asked. */
export interface Request {
  readonly method: string;
  readonly url: string;
  /** Sent as JSON; null: nothing is sent. */
  readonly body: unknown;
  /** The statuses that are an answer. */
  readonly status: readonly number[];
}

/** How Kollage itself logs in to ask the platform. Its texts hold tokens of secrets. */
export interface Login {
  readonly name: string;
  readonly request: Request;
  /** Names to Jinja expressions over the answer: what the login gives. */
  readonly gives: Readonly<Record<string, string>>;
  /** Sent with each question that is asked with it. */
  readonly headers: Readonly<Record<string, string>>;
}

/** What the platform itself must say of a component. */
export interface ReadyCheck {
  readonly request: Request;
  /** The name of a login of the desired state; null where none is needed. */
  readonly login: string | null;
  /** A Jinja expression over the answer that must hold, and what is said while it does not; null: the status is enough. */
  readonly that: string | null;
  readonly otherwise: string | null;
}

export type Need =
  | {
      readonly kind: 'endpoint';
      readonly endpoint: string;
      readonly on: 'any' | 'node';
      readonly probe: Probe;
    }
  | {
      readonly kind: 'component';
      readonly component: string;
      readonly on: 'any' | 'node';
      readonly probe: Probe;
    }
  | { readonly kind: 'task'; readonly task: string }
  | { readonly kind: 'output'; readonly output: string; readonly key: string };

export interface Mount {
  readonly type: 'volume' | 'host' | 'tmpfs';
  /** The volume's id or the host's path; empty for tmpfs. */
  readonly source: string;
  readonly path: string;
  readonly readOnly: boolean;
  readonly shared: boolean;
}

export interface Port {
  readonly endpoint: string;
  readonly port: number;
  readonly protocol: 'tcp' | 'udp';
  readonly exposure: Exposure;
  /** Behind a balancer: the number of the instance that listens on it. Each instance has a port of its own there. */
  readonly slot?: number;
}

/** How a balancer is told, by a command in it, to which these words are added: the endpoint, the node, and the slot. */
export interface Balances {
  /** Ends when the slot gets requests. */
  readonly join: readonly string[];
  /** Ends when the slot gets no more requests, and those it had are answered. */
  readonly leave: readonly string[];
  /** Run where instances are registered, when its file was written anew because some came or went; else what it does for any changed file. */
  readonly follow?: readonly string[];
}

export interface Privileges {
  readonly capabilities: readonly string[];
  readonly devices: readonly string[];
  readonly hostNetwork: boolean;
  readonly hostPid: boolean;
  readonly hostIpc: boolean;
  readonly hostCgroup: boolean;
  readonly unconfined: readonly string[];
  readonly deviceCgroupRules: readonly string[];
}

/** Memory in bytes; null where nothing is asked for. */
export interface ResourceRequest {
  readonly memory: number | null;
  readonly cpus: number | null;
}

export interface Placement {
  readonly role: string;
  /** The nodes it may run on, sorted. */
  readonly nodes: readonly string[];
  /** Who chooses among them; Kollage when not given. */
  readonly by?: 'engine';
}

export type Scale = { readonly replicas: number } | { readonly each: 'node' };

/** Runs inside the container: what a workload and a task have in common. */
export interface Process {
  /** The reference that the engine asks for. */
  readonly image: string;
  readonly start: 'kolla' | 'plain';
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly user: string | null;
  /** The id of its config bundle; null without one. */
  readonly config: string | null;
  readonly mounts: readonly Mount[];
  readonly privileges: Privileges;
  readonly resources: ResourceRequest;
  readonly needs: readonly Need[];
  readonly placement: Placement;
  /** The secrets that it is given, sorted. */
  readonly secrets: readonly string[];
  /** What its fingerprint is made of, by input: `image`, `spec`, `file:NAME`, `secret:NAME`. */
  readonly inputs: Readonly<Record<string, string>>;
  readonly fingerprint: string;
}

export interface Workload extends Process {
  readonly kind: 'workload';
  /** `service/component`, or `service/component@node` where a node's own overrides make it another. */
  readonly id: string;
  readonly service: string;
  readonly component: string;
  readonly ports: readonly Port[];
  readonly health: Health | null;
  readonly ready: readonly ReadyCheck[];
  readonly scale: Scale;
  readonly update: UpdatePolicy;
  readonly stop: {
    readonly signal: string | null;
    readonly command: readonly string[] | null;
    readonly grace: number;
  };
  readonly reload: { readonly signal: string | null; readonly command: readonly string[] | null } | null;
  /** Run inside when the deployment is destroyed; null where there is nothing to take away. */
  readonly cleanup: readonly string[] | null;
  /** Output name to the file that its process writes. */
  readonly outputs: Readonly<Record<string, string>>;
  /** The outputs (`ID:KEY`) that its files and variables hold, and what another value does to it. */
  readonly follows?: Readonly<Record<string, OnChange>>;
  /** Of a balancer. */
  readonly balances?: Balances;
}

export interface Task extends Process {
  readonly kind: 'task';
  /** `service/task`. Named by its fingerprint beside it: a changed one is a new one, a done one is never run again. */
  readonly id: string;
  readonly service: string;
  /** undo: takes back the task of the same id without `.undo`, where that was new with a change. */
  readonly phase: TaskPhase | 'undo';
  /** The services whose data it changes, sorted. */
  readonly changes: readonly string[];
  readonly timeout: number;
  readonly retries: number;
  readonly each: 'deployment' | 'node';
  /** Output name to the file that the command writes. */
  readonly outputs: Readonly<Record<string, string>>;
  /** Where this output of a task that it needs has this value, there is nothing to do, and it is done without being run. */
  readonly unless?: { readonly output: string; readonly key: string; readonly is: string };
  /** Workloads that it waits for by means of its own. */
  readonly awaits?: readonly string[];
}

/** A command that an operator runs against the platform, in a container of its own that is gone afterwards. */
export interface Tool {
  readonly kind: 'tool';
  /** `service/name`. */
  readonly id: string;
  readonly service: string;
  /** How it is called on the command line. */
  readonly name: string;
  readonly doc: string;
  readonly image: string;
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** The id of its config bundle; null without one. */
  readonly config: string | null;
  readonly secrets: readonly string[];
  /** None when not given. */
  readonly mounts?: readonly Mount[];
}

/** What an operator is handed by a service to use the platform. */
export interface Access {
  readonly kind: 'access';
  /** `service/access`. */
  readonly id: string;
  readonly service: string;
  /** The id of the bundle that is written into the deployment folder; null without one. */
  readonly config: string | null;
  readonly secrets: readonly string[];
  /** Titles to URLs. */
  readonly links: Readonly<Record<string, string>>;
  readonly user: string | null;
  /** The name of the secret that is the user's password. */
  readonly password: string | null;
  /** What to try first: a tool's name and what it is given. */
  readonly examples: readonly string[];
}

export type Resource = ConfigBundle | Secret | Volume | Endpoint | Workload | Task | Tool | Access;

export interface DesiredNode {
  readonly name: string;
  readonly roles: readonly string[];
  readonly address: string | null;
  readonly memory: number | null;
  readonly cpus: number | null;
}

/** One desired state, whole: what compile makes, a plan compares and a revision keeps. */
export interface Desired {
  readonly deployment: string;
  readonly release: string;
  readonly engine: string;
  /** host: containers share their node's network unless told otherwise; cluster: each has an address of its own. */
  readonly network: 'host' | 'cluster';
  readonly nodes: readonly DesiredNode[];
  readonly timeouts: Timeouts;
  /** The numbers of users, where the engine wants those. */
  readonly accounts?: Readonly<Record<string, number>>;
  /** Under which address instances are registered, where they are; a token, for each node has its own. */
  readonly registers?: string;
  /** Sorted by key. */
  readonly resources: readonly Resource[];
  /** Those that ready checks use, sorted by name. */
  readonly logins: readonly Login[];
  /** SHA-256 over all of it. */
  readonly fingerprint: string;
}

/** Whether a task runs because it is wanted and not done; the others only on their occasion. */
export function runsByItself({ phase }: Pick<Task, 'phase'>): boolean {
  return phase === 'bootstrap' || phase === 'expand' || phase === 'migrate' || phase === 'contract';
}

/** The volume of a service in which its backups are. */
export function backupsOf(service: string): string {
  return `${service}/backups`;
}

/**
 * Whether a task mends what differs, and so is right again after each other one of its id: it may run in both directions. So do those that change no
 * service's data, whatever their phase.
 */
export function mends({ phase, changes }: Pick<Task, 'phase' | 'changes'>): boolean {
  return phase === 'bootstrap' || (runsByItself({ phase }) && changes?.length === 0);
}

/** Whether a task only finds out what holds: no part of the desired state, run anew each time it is asked for, and without a record. */
export function isProof({ phase }: { readonly phase: TaskPhase | 'undo' }): boolean {
  return phase === 'verify' || phase === 'check';
}

export function keyOf(resource: Resource): ResourceKey {
  return `${resource.kind}:${resource.id}`;
}
