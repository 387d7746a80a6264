import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';

/**
 * A Docker daemon of its own for tests that stop, kill and fill it: nobody else's containers run there. It has no network but the host's.
 * Needs root and `dockerd`. `size`: all that it may write, such as `400m`; then its data lies in memory.
 */
export class PrivateDaemon {
  /** The path of its socket, as `engine: { address: … }` takes it. */
  readonly socket: string;
  readonly #root = mkdtempSync(join(tmpdir(), 'kollage-daemon-'));
  readonly #data = join(this.#root, 'data');
  readonly #exec = join(this.#root, 'exec');
  /** The parent of its containers' control groups, by which their processes are known. */
  readonly #group = basename(this.#root);
  /** Without a bridge of its own it would use the host's daemon's, and with `none` take that one away (moby, removeDefaultBridgeInterface). */
  readonly #bridge = `klg-${this.#group.slice(-6)}`;
  #process: ChildProcess | undefined;

  constructor(size?: string) {
    this.socket = join(this.#root, 'docker.sock');
    mkdirSync(this.#data);
    execFileSync('ip', ['link', 'add', this.#bridge, 'type', 'bridge']);
    execFileSync('ip', ['address', 'add', '192.0.2.1/24', 'dev', this.#bridge]);
    if (size !== undefined) execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', this.#data]);
  }

  /** Starts it, unless it runs, and waits until it answers. */
  async start(): Promise<void> {
    if (this.#runs(this.#process)) return;
    const flags = {
      'data-root': this.#data,
      'exec-root': this.#exec,
      pidfile: join(this.#root, 'pid'),
      host: `unix://${this.socket}`,
      'cgroup-parent': `/${this.#group}`,
      'exec-opt': 'native.cgroupdriver=cgroupfs',
      bridge: this.#bridge,
      'ip-forward': 'false',
      iptables: 'false',
      ip6tables: 'false',
    };
    const args = Object.entries(flags).map(([flag, value]) => `--${flag}=${value}`);
    const child = spawn('dockerd', args, { stdio: ['ignore', 'ignore', 'pipe'] });
    this.#process = child;
    const said: string[] = [];
    const answers = Promise.withResolvers<void>();
    createInterface({ input: child.stderr }).on('line', (line) => {
      said.push(line);
      if (line.includes('API listen on')) answers.resolve();
    });
    child.once('exit', () => answers.reject(new Error(`dockerd ended:\n${said.slice(-5).join('\n')}`)));
    await answers.promise;
    await killAll(() => this.#unknown());
  }

  /** Stops it as an administrator does: its containers are stopped too. */
  stop(): Promise<void> {
    return this.#end('SIGTERM');
  }

  /** Kills it alone; its containers run on. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
    // Its containerd goes with it. Until somebody reaps that, a new daemon takes it for living, and waits for it in vain.
    await killAll(() => processes(({ command }) => this.#isContainerd(command)));
    rmSync(join(this.#exec, 'containerd/containerd.pid'), { force: true });
  }

  /** As if the power were gone: the daemon and every process of its containers are killed at once. */
  async powerCut(): Promise<void> {
    await this.#end('SIGKILL');
    // What starts a container is not in its group yet, and is known by the folder that it is told, as containerd and its shims are.
    await killAll(() =>
      processes(
        ({ command, groups }) => command.includes(`${this.#root}/`) || groups.includes(`/${this.#group}/`),
      ),
    );
    this.#unmount((point) => point !== this.#data);
    // It is below /run, which is empty after a start of the machine.
    rmSync(this.#exec, { recursive: true, force: true });
  }

  /** Copies an image of the host's own daemon into it. */
  load(image: string): void {
    execFileSync('sh', ['-c', 'docker save "$1" | docker --host "unix://$2" load', '-', image, this.socket], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
  }

  /** Fills its disk to the last byte, until the returned function is called. Only with a `size`. */
  fill(): () => void {
    return fillDisk(this.#data);
  }

  docker(...args: string[]): string {
    return execFileSync('docker', ['--host', `unix://${this.socket}`, ...args], { encoding: 'utf8' }).trim();
  }

  /** Ends it and takes everything of it away. */
  async remove(): Promise<void> {
    await this.powerCut();
    this.#unmount(() => true);
    for (const folder of groupFolders(this.#group)) removeGroup(folder);
    execFileSync('ip', ['link', 'delete', this.#bridge]);
    rmSync(this.#root, { recursive: true });
  }

  /**
   * Processes of containers that it does not know to run: those that were just starting when it was killed (moby/moby 20.10 has them as `created`).
   * An administrator would end them (docs/limits.md).
   */
  #unknown(): number[] {
    const found = processes(({ groups }) => groups.includes(`/${this.#group}/`));
    if (found.length === 0) return [];
    const running = this.docker('ps', '--quiet', '--no-trunc').split('\n').filter(Boolean);
    return found.filter((pid) => !running.some((id) => read(`/proc/${pid}/cgroup`).includes(id)));
  }

  /** What it mounted, for its containers and itself. */
  #unmount(which: (point: string) => boolean): void {
    const points = readFileSync('/proc/self/mounts', 'utf8')
      .split('\n')
      .map((line) => line.split(' ')[1] ?? '')
      .filter((point) => point.startsWith(`${this.#root}/`) && which(point));
    for (const point of points.reverse()) execFileSync('umount', [point]);
  }

  #runs(child: ChildProcess | undefined): child is ChildProcess {
    return child !== undefined && child.exitCode === null && child.signalCode === null;
  }

  async #end(how: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const child = this.#process;
    if (!this.#runs(child)) return;
    const ended = once(child, 'exit');
    child.kill(how);
    await ended;
  }

  /** Its containerd, which is known by the folder that it is told; not the shims that hold its containers. */
  #isContainerd(command: string): boolean {
    return basename(command.split('\0')[0] ?? '') === 'containerd' && command.includes(`${this.#root}/`);
  }
}

/** Ids of the processes of this host that are meant. */
function processes(meant: (process: { command: string; groups: string }) => boolean): number[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .filter((pid) => meant({ command: read(`/proc/${pid}/cmdline`), groups: read(`/proc/${pid}/cgroup`) }))
    .map(Number);
}

/** Kills until none is left: more may be forked meanwhile. That another's child is gone can only be looked for. */
async function killAll(find: () => number[]): Promise<void> {
  for (let left = find(); left.length > 0; left = find()) {
    for (const pid of left) signal(pid);
    await pause(5);
  }
}

/** Fills the file system of a folder to the last byte, until the returned function is called. */
export function fillDisk(folder: string): () => void {
  const filler = join(folder, 'filler');
  try {
    execFileSync('dd', ['if=/dev/zero', `of=${filler}`, 'bs=4k'], { stdio: 'pipe' });
  } catch {
    // That there is no more room is what it was for.
  }
  return () => rmSync(filler);
}

/** The group's folder in each hierarchy of version 1, or the one of version 2 (cgroups(7)). */
function groupFolders(group: string): string[] {
  const root = '/sys/fs/cgroup';
  return ['', ...readdirSync(root)]
    .map((hierarchy) => join(root, hierarchy, group))
    .filter((folder) => folders(folder) !== null);
}

function removeGroup(folder: string): void {
  for (const below of folders(folder) ?? []) removeGroup(join(folder, below));
  rmdirSync(folder);
}

function folders(folder: string): string[] | null {
  try {
    return readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
      entry.isDirectory() ? [entry.name] : [],
    );
  } catch {
    return null;
  }
}

// Processes come and go while we look.
function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

function signal(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended meanwhile.
  }
}
