import type { Endpoint, Health, Probe } from '../model/resource.ts';

/** The component in front, and where instances behind it listen: the nth at the endpoint's port + offset + (n - 1) * step. */
export interface Balancer {
  /** `service/component`. */
  readonly id: string;
  readonly offset: number;
  readonly step: number;
}

/** A balanced endpoint, as the balancer's templates see it. */
export interface Front {
  readonly id: string;
  readonly host: string;
  readonly port: number;
  readonly scheme: string;
  readonly protocol: Endpoint['protocol'];
  readonly exposure: Endpoint['exposure'];
  /** How its component's health check asks it, times in seconds; null where it does not. */
  readonly health: (Probe & Pick<Health, 'interval' | 'timeout'>) | null;
  /** Everything that may answer: each slot on each node. */
  readonly servers: readonly {
    readonly node: string;
    readonly slot: number;
    readonly host: string;
    readonly port: number;
  }[];
}
