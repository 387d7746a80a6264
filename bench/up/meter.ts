import { existsSync, readdirSync, readFileSync } from 'node:fs';

/** What a container used: processor seconds, and bytes of memory. */
export interface Use {
  readonly cpu: number;
  /** PSS: what several processes share counts for each in parts, so that a sum is what the host really gave. */
  readonly memory: number;
}

/** Milliseconds between two looks; what ends in between loses at most that much of its figure. */
const every = 100;

/**
 * Processor time of all containers that Docker makes while it looks, from their cgroups (version 1 or 2), and of the whole machine.
 * A cgroup goes away when its container ends, so it is read again and again.
 */
export class Meter {
  readonly #root = [
    '/sys/fs/cgroup/cpuacct/docker',
    '/sys/fs/cgroup/docker',
    '/sys/fs/cgroup/system.slice',
  ].find(existsSync);
  readonly #cpu = new Map<string, number>();
  readonly #before = new Set(this.#containers());
  readonly #begun = { busy: busy(), own: process.cpuUsage(), at: performance.now() };
  readonly #timer = setInterval(() => this.#look(), every);

  /** Ends looking; gives what each container used, by its id, and seconds: of the clock, of the machine's processors, of this process. */
  stop() {
    this.#look();
    clearInterval(this.#timer);
    const own = process.cpuUsage(this.#begun.own);
    return {
      containers: new Map([...this.#cpu].map(([id, cpu]) => [id, { cpu, memory: this.#memory(id) }])),
      seconds: (performance.now() - this.#begun.at) / 1000,
      machine: busy() - this.#begun.busy,
      own: (own.user + own.system) / 1e6,
    };
  }

  #containers(): string[] {
    return this.#root === undefined
      ? []
      : readdirSync(this.#root).filter((name) => /[0-9a-f]{64}/.test(name));
  }

  #look(): void {
    for (const name of this.#containers()) {
      if (this.#before.has(name)) continue;
      const seconds = this.#seconds(name);
      if (seconds !== undefined) this.#cpu.set(idOf(name), seconds);
    }
  }

  #seconds(name: string): number | undefined {
    const folder = `${this.#root}/${name}`;
    const nanoseconds = read(`${folder}/cpuacct.usage`);
    if (nanoseconds !== undefined) return Number(nanoseconds) / 1e9;
    const micro = /^usage_usec (\d+)$/m.exec(read(`${folder}/cpu.stat`) ?? '')?.[1];
    return micro === undefined ? undefined : Number(micro) / 1e6;
  }

  #memory(id: string): number {
    const name = this.#containers().find((container) => idOf(container) === id);
    const pids = (name && read(`${this.#root}/${name}/cgroup.procs`)?.split('\n')) || [];
    const pss = pids.map((pid) => /^Pss:\s+(\d+) kB$/m.exec(read(`/proc/${pid}/smaps_rollup`) ?? '')?.[1]);
    return pss.reduce((sum, kilobytes) => sum + Number(kilobytes ?? 0) * 1024, 0);
  }
}

function idOf(name: string): string {
  return /[0-9a-f]{64}/.exec(name)?.[0] ?? name;
}

/** Seconds in which the processors were not idle, since the machine's start (proc(5), /proc/stat; a tick is 10 ms on Linux). */
function busy(): number {
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0] = (read('/proc/stat') ?? '')
    .split('\n', 1)
    .flatMap((line) => line.split(/\s+/).slice(1).map(Number));
  return (user + nice + system + irq + softirq) / 100;
}

/** A file's text; undefined when it is gone. */
function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
