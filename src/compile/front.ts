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
  /** Where it is asked. */
  readonly host: string;
  /** The address that the balancer listens on. */
  readonly bind: string;
  readonly port: number;
  readonly scheme: string;
  readonly protocol: Endpoint['protocol'];
  readonly exposure: Endpoint['exposure'];
  /** How its component's health check asks it, times in seconds; null where it does not. */
  readonly health: (Probe & Pick<Health, 'interval' | 'timeout'>) | null;
  /**
   * Everything that may answer: each slot; where instances are registered one that stands for each of them, with tokens (model/token.ts).
   */
  readonly servers: readonly {
    readonly name: string;
    readonly host: string;
    readonly port: number | string;
    /** What a line of each instance begins with. */
    readonly each: string;
  }[];
}
