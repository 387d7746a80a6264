import type { ConfigBundle, Desired, Endpoint, Secret, Task, Volume, Workload } from '../model/resource.ts';

/** A deployment's resources by their kinds and ids, for an engine that renders all of them. */
export class Scope {
  readonly desired: Desired;
  readonly workloads: readonly Workload[];
  readonly tasks: readonly Task[];
  readonly bundles: ReadonlyMap<string, ConfigBundle>;
  readonly volumes: ReadonlyMap<string, Volume>;
  readonly secrets: ReadonlyMap<string, Secret>;
  readonly endpoints: ReadonlyMap<string, Endpoint>;

  constructor(desired: Desired) {
    const { resources } = desired;
    this.desired = desired;
    this.workloads = resources.filter((one) => one.kind === 'workload');
    this.tasks = resources.filter((one) => one.kind === 'task');
    this.bundles = byId(resources.filter((one) => one.kind === 'config'));
    this.volumes = byId(resources.filter((one) => one.kind === 'volume'));
    this.secrets = byId(resources.filter((one) => one.kind === 'secret'));
    this.endpoints = byId(resources.filter((one) => one.kind === 'endpoint'));
  }

  /** Whether nodes have names here, so that roles say where something runs. */
  get hasNodes(): boolean {
    const [first, ...more] = this.desired.nodes;
    return more.length > 0 || (first !== undefined && first.name !== 'localhost');
  }
}

function byId<T extends { readonly id: string }>(all: readonly T[]): Map<string, T> {
  return new Map(all.map((one) => [one.id, one]));
}
