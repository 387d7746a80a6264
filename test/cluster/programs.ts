import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

const here = import.meta.dirname;

/** What every system has on which this can work; where one is missing, its package. */
const needed = {
  unshare: 'util-linux',
  nsenter: 'util-linux',
  ip: 'iproute2',
  iptables: 'iptables',
  zstd: 'zstd',
};

/** Why no cluster can be had here; null when it can. */
export function whyNot(): string | null {
  if (process.platform !== 'linux') return 'it needs Linux';
  if (process.getuid?.() !== 0) return 'it needs root, for namespaces and mounts';
  if (!has('apt-get')) return "it needs Debian's packages (apt-get)";
  if (existsSync(kept()) || goIsNewEnough()) return null;
  return `Kubernetes cannot be built: no Go ${goWanted()} or newer (\`go version\`), and nothing built before at ${kept()}`;
}

/** Unpacks all programs of a cluster into a folder; builds them first where that was not done before with the same sources. */
export function unpackPrograms(folder: string): void {
  const missing = [
    ...new Set(Object.entries(needed).flatMap(([program, name]) => (has(program) ? [] : name))),
  ];
  if (missing.length > 0) {
    execFileSync('apt-get', ['update', '-qq'], { stdio: ['ignore', 2, 2] });
    execFileSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...missing], {
      stdio: ['ignore', 2, 2],
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    });
  }
  const file = kept();
  if (!existsSync(file)) build(file);
  mkdirSync(folder, { recursive: true });
  execFileSync('tar', ['--extract', '--zstd', '--file', file, '--directory', folder]);
}

/** One at a time: others wait for what the first one builds. */
function build(file: string): void {
  mkdirSync(cache(), { recursive: true });
  const script = '[ -e "$1" ] || "$2" "$1"';
  execFileSync(
    'flock',
    [join(cache(), 'cluster.lock'), 'sh', '-c', script, 'sh', file, join(here, 'build')],
    {
      stdio: ['ignore', 2, 2],
    },
  );
  // Other trees of this project may have others; but not for ever.
  const built = readdirSync(cache()).filter((name) => /^cluster-.*\.zst$/.test(name));
  const age = (name: string) => Date.now() - statSync(join(cache(), name)).mtimeMs;
  for (const name of built.sort((one, other) => age(one) - age(other)).slice(4)) rmSync(join(cache(), name));
}

/** The one file that is kept; its name changes with the version of Kubernetes and with all that it is built from. */
function kept(): string {
  const sources = ['build', 'go.mod', 'go.sum', ...goFiles('kube'), ...goFiles('box')];
  const hash = createHash('sha256');
  for (const name of sources)
    hash
      .update(name)
      .update('\0')
      .update(readFileSync(join(here, name)));
  return join(cache(), `cluster-${kubernetesVersion()}-${hash.digest('hex').slice(0, 12)}.tar.zst`);
}

/** `v1.36.3`, as go.mod has it. */
export function kubernetesVersion(): string {
  return /k8s\.io\/kubernetes (v\S+)/.exec(readFileSync(join(here, 'go.mod'), 'utf8'))?.[1] ?? '';
}

function goFiles(folder: string): string[] {
  return readdirSync(join(here, folder))
    .filter((name) => name.endsWith('.go'))
    .sort()
    .map((name) => join(folder, name));
}

function cache(): string {
  return join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'kollage');
}

function goWanted(): string {
  return /^go (\d+\.\d+)/m.exec(readFileSync(join(here, 'go.mod'), 'utf8'))?.[1] ?? '';
}

function goIsNewEnough(): boolean {
  if (!has('go')) return false;
  const [major = 0, minor = 0] = numbers(execFileSync('go', ['env', 'GOVERSION'], { encoding: 'utf8' }));
  const [wantedMajor = 0, wantedMinor = 0] = numbers(goWanted());
  return major > wantedMajor || (major === wantedMajor && minor >= wantedMinor);
}

function numbers(version: string): number[] {
  return (version.match(/\d+/g) ?? []).map(Number);
}

function has(program: string): boolean {
  return (process.env['PATH'] ?? '')
    .split(':')
    .concat('/usr/sbin', '/sbin')
    .some((folder) => existsSync(join(folder, program)));
}
