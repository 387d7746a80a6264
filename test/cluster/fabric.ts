import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { startOf } from '../../src/state/lock.ts';

/** The host's end of the cable into a cluster, with the number of its network; its name is what makes the number ours alone. */
const cable = (number: number) => `klgk8s${number}`;

/**
 * The namespaces that a cluster lives in (net, mount, pid), and the processes in them. All of it ends with its process 1, which ends with us; or,
 * when it is `kept`, is killed by whoever wants it gone.
 */
export class Fabric {
  /** `10.89.0`: the network of the nodes, a /24. `.1` is the control plane, `.254` this host, `.11` the first node. */
  readonly subnet: string;
  /** The id, on this host, of its process 1. */
  readonly pid: number;
  readonly #kept: boolean;

  constructor(subnet: string, pid: number, kept: boolean) {
    this.subnet = subnet;
    this.pid = pid;
    this.#kept = kept;
  }

  /** What it says goes into the file `log`. */
  static async start({ kept, log }: { readonly kept: boolean; readonly log: string }): Promise<Fabric> {
    const number = reserve();
    const subnet = `10.89.${number}`;
    const errors = openSync(log, 'a');
    const outer = spawn(
      'unshare',
      [
        '--net',
        '--mount',
        '--pid',
        '--fork',
        '--kill-child=KILL',
        '--propagation',
        'private',
        'sh',
        join(import.meta.dirname, 'fabric.sh'),
      ],
      {
        detached: kept,
        stdio: [kept ? 'ignore' : 'pipe', 'pipe', errors],
        env: { ...process.env, SUBNET: subnet, ...(kept ? { KEEP: '1' } : {}) },
      },
    );
    closeSync(errors);
    try {
      if (outer.stdout === null || outer.pid === undefined) throw new Error('unshare cannot be started');
      const [line] = await Promise.race([
        once(createInterface({ input: outer.stdout }), 'line'),
        once(outer, 'exit'),
      ]);
      const [pid] = childrenOf(outer.pid);
      if (line !== 'ready' || pid === undefined)
        throw new Error('the namespaces of the cluster cannot be made');
      run('ip', 'link', 'set', `${cable(number)}-in`, 'netns', String(pid));
      run('ip', 'address', 'add', `${subnet}.254/24`, 'dev', cable(number));
      run('ip', 'link', 'set', cable(number), 'up');
      run(
        'nsenter',
        `--net=/proc/${pid}/ns/net`,
        'ip',
        'link',
        'set',
        `${cable(number)}-in`,
        'master',
        'fabric',
        'up',
      );
      outer.stdout.destroy();
      outer.unref();
      return new Fabric(subnet, pid, kept);
    } catch (error) {
      outer.kill('SIGKILL');
      run('ip', 'link', 'delete', cable(number));
      throw error;
    }
  }

  /** Starts a program in it, with what it says in a file; resolves when it has ended. */
  spawn(
    log: string,
    command: string,
    args: readonly string[],
    env: Record<string, string> = {},
  ): Promise<void> {
    const out = openSync(log, 'a');
    const child = spawn('nsenter', [...enter(this.pid), command, ...args], {
      stdio: ['ignore', out, out],
      detached: this.#kept,
      env: { ...process.env, ...env },
    });
    closeSync(out);
    child.unref();
    return new Promise((resolve) => child.once('exit', () => resolve()));
  }

  /** Runs a program in it to its end. */
  run(command: string, ...args: string[]): string {
    return run('nsenter', ...enter(this.pid), command, ...args);
  }
}

/** Ends a cluster's process 1, and with it all others; its cable goes at once. Nothing when it has ended. */
export async function endFabric({ pid, started, subnet }: Running): Promise<void> {
  if (startOf(pid) !== started) return;
  run('ip', 'link', 'delete', cable(Number(subnet.split('.')[2])));
  process.kill(pid, 'SIGKILL');
  // It is not our child, so only asking tells that the last process in it has ended.
  while (startOf(pid) === started) await pause(10);
}

/** How a cluster's process 1 is known for good. */
export interface Running {
  readonly pid: number;
  /** When it was started (`startOf`). */
  readonly started: string | null;
  readonly subnet: string;
}

/** The options of nsenter for the namespaces of a cluster's process 1. */
export function enter(pid: number): string[] {
  return ['--target', String(pid), '--net', '--mount', '--pid'];
}

/** Runs a program to its end and gives what it says; throws with that when it fails. */
export function run(command: string, ...args: string[]): string {
  return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim();
}

/** The processes that a process has started, without those of its threads that ended. */
export function childrenOf(pid: number): number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
  } catch {
    // It has ended.
    return [];
  }
}

/** A network that no other cluster of this host has: whoever can make the cable has it. */
function reserve(): number {
  for (let number = 0; number < 250; number++) {
    try {
      run('ip', 'link', 'add', cable(number), 'type', 'veth', 'peer', 'name', `${cable(number)}-in`);
      return number;
    } catch (error) {
      if (!String(error).includes('File exists')) throw error;
    }
  }
  throw new Error('all networks for clusters are taken: `ip link` lists them as klgk8s…');
}

/** How a process was called, its arguments ended by zeros; nothing for one that has ended, and for what is no process. */
export function commandOf(pid: string): string {
  try {
    return /^\d+$/.test(pid) ? readFileSync(`/proc/${pid}/cmdline`, 'utf8') : '';
  } catch {
    return '';
  }
}
