import type { PlaceOf, TextFile } from './catalog.ts';
import type { ComponentSettings, DeploymentFile, EngineName } from './deployment.ts';
import type { Place } from './error.ts';
import type { DesiredNode } from './resource.ts';

export interface OptionSetting {
  readonly value: unknown;
  readonly place: Place;
}

/** A deployment folder, read: names resolved, options checked and given their types, ranges of nodes written out. */
export interface Deployment {
  readonly name: string;
  readonly release: string;
  readonly engine: Exclude<DeploymentFile['engine'], string>;
  readonly address: string;
  readonly interface: string | null;
  readonly externalAddress: string;
  /** Services that are on, sorted. */
  readonly services: readonly string[];
  /** Set options by `service.option`, and those of the catalog by `option`. Those not set are not here. */
  readonly options: ReadonlyMap<string, OptionSetting>;
  /** Settings by `service/component`. */
  readonly components: ReadonlyMap<string, ComponentSettings>;
  /** Sorted by name; roles made of roles are written out. */
  readonly nodes: readonly DesiredNode[];
  readonly images: DeploymentFile['images'];
  readonly timeouts: DeploymentFile['timeouts'];
  readonly checks: DeploymentFile['checks'];
  readonly hooks: DeploymentFile['hooks'];
  /** Everything of globals.yml, for overrides that use its variables. */
  readonly globals: ReadonlyMap<string, OptionSetting>;
  /** The files under config/, sorted by path. */
  readonly overrides: readonly TextFile[];
  /** Place of a key of kollage.yaml. */
  readonly at: PlaceOf;
  /** Secret names to their keyed fingerprints; a name that is not here is missing. */
  readonly secrets: ReadonlyMap<string, string>;
}

/** What compiling must know of an engine. Plain data, so that compiling stays pure. */
export interface EngineTraits {
  readonly name: EngineName;
  /** host: containers share their node's network unless told otherwise; cluster: each has its own address. */
  readonly network: 'host' | 'cluster';
  /** The host under which an endpoint is reached, with {service}, {component}, {endpoint}, {deployment}, {namespace}; null: the deployment's address. */
  readonly endpointHost: string | null;
  /**
   * Where instances with volumes of their own have names that outlive them, counted from 0 by {number}, and hosts of these names; null: they have none.
   */
  readonly instances: { readonly name: string; readonly host: string } | null;
  /** instances: it is told of each instance, and where that runs; workloads: it is told of a workload, and makes and places its instances itself. */
  readonly applies: 'instances' | 'workloads';
  /** How it is told as whom a process runs: by name, or by the number that the catalog knows of the name. */
  readonly users: 'names' | 'numbers';
  /** What it can hold. */
  readonly can: readonly (
    | 'hostNetwork'
    | 'hostPid'
    | 'hostIpc'
    | 'hostCgroup'
    | 'devices'
    | 'sharedMounts'
    | 'multinode'
    | 'tmpfs'
    | 'instanceVolumes'
    /** Instances are registered, with their addresses and ports, where a start program can follow them. */
    | 'registry'
    /** A tool works on volumes, wherever these lie, and is handed what it shall read. */
    | 'toolVolumes'
  )[];
}
