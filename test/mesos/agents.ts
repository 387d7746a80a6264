/** What an agent of the stand-in is; what is not said is a small machine. */
export interface AgentOptions {
  readonly hostname: string;
  readonly attributes?: Readonly<Record<string, string>>;
  readonly cpus?: number;
  /** MB. */
  readonly mem?: number;
  readonly ports?: readonly (readonly [first: number, last: number])[];
}

/** What a task holds of an agent. */
export interface Claim {
  readonly cpus: number;
  readonly mem: number;
  readonly ports: readonly number[];
}

/** A run of a task: what an agent keeps of its executor, and where its files are. */
export interface Run {
  readonly task: string;
  readonly name: string;
  readonly framework: string;
  readonly container: string;
  readonly directory: string;
  readonly claim: Claim;
  state: string;
}

/** What DC/OS gives its public agents (dcos/dcos, gen/dcos-config.yaml: `--resources` of mesos-slave-public), and what needs ports below 1024 must be given. */
const usualPorts = [
  [1, 21],
  [23, 5050],
  [5052, 32000],
] as const;

/** A virtual agent: a network namespace of its own on this host, and resources that tasks of all frameworks share. */
export class Agent {
  readonly id: string;
  readonly hostname: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly cpus: number;
  readonly mem: number;
  readonly ports: readonly (readonly [first: number, last: number])[];
  /** Where what runs on it is reached. */
  readonly address: string;
  /** The container whose namespaces are the agent's own. */
  readonly pause: string;
  readonly runs: Run[] = [];
  reachable = true;
  /** Milliseconds; when it came. */
  readonly since = Date.now();
  /** Told when something of it is taken. */
  taken: (task: string) => void = () => undefined;
  readonly #claims = new Map<string, Claim>();

  constructor(id: string, address: string, pause: string, options: AgentOptions) {
    this.id = id;
    this.address = address;
    this.pause = pause;
    this.hostname = options.hostname;
    this.attributes = options.attributes ?? {};
    this.cpus = options.cpus ?? 4;
    this.mem = options.mem ?? 16_384;
    this.ports = options.ports ?? usualPorts;
  }

  get free(): { cpus: number; mem: number } {
    let { cpus, mem } = this;
    for (const claim of this.#claims.values()) {
      cpus -= claim.cpus;
      mem -= claim.mem;
    }
    return { cpus: Math.round(cpus * 1000) / 1000, mem };
  }

  get used(): { cpus: number; mem: number } {
    const { cpus, mem } = this.free;
    return { cpus: this.cpus - cpus, mem: this.mem - mem };
  }

  hasPort(port: number): boolean {
    return (
      this.ports.some(([first, last]) => first <= port && port <= last) &&
      ![...this.#claims.values()].some(({ ports }) => ports.includes(port))
    );
  }

  claim(task: string, claim: Claim): void {
    this.#claims.set(task, claim);
    this.taken(task);
  }

  release(task: string): void {
    this.#claims.delete(task);
  }

  /** An attribute's value as a constraint of Marathon's reads it (mesosphere/marathon, Constraints.scala: readerForField). */
  field(name: string): string | undefined {
    return name === 'hostname' || name === '@hostname' ? this.hostname : this.attributes[name];
  }
}
