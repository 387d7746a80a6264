import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { parse, stringify } from 'yaml';
import { startCluster, type TestCluster } from '../test/cluster/cluster.ts';

/*
 * What a large cluster costs: `npm run bench:cluster -- [--nodes 1000]`. A Kubernetes with so many nodes that only say that they are there, and the catalog's
 * profile `compute` on it: each step is the command that an operator gives, in a process of its own. Requests are those that the API server has written
 * down. No process of OpenStack runs, so what only they could say is left out of the catalog: ready checks, what
 * hangs on outputs, and what is run inside of pods in the end.
 */

const { values: options } = parseArgs({ options: { nodes: { type: 'string', default: '1000' } } });
const nodes = Number(options.nodes);
const here = import.meta.dirname;
const home = mkdtempSync(join(tmpdir(), 'kollage-bench-'));
const folder = join(home, 'deployment');

interface Step {
  readonly what: string;
  readonly seconds: number;
  /** Megabytes at most. */
  readonly memory: number;
  readonly requests: readonly string[];
}

interface Ended {
  readonly stdout: string;
  readonly stderr: string;
  readonly code?: number;
}

const steps: Step[] = [];
try {
  await using cluster = await startCluster({ nodes: 0, simulated: nodes });
  const operator = cluster.operator();
  writeCatalog();
  configure(operator);
  await step(cluster, 'secrets', ['secrets']);
  await step(cluster, 'plan, first', ['plan']);
  await step(cluster, 'up, first', ['up']);
  const before = await pods(cluster);
  await step(cluster, 'plan, nothing to do', ['plan']);
  await step(cluster, 'up, nothing to do', ['up']);
  mkdirSync(join(folder, 'config/neutron'), { recursive: true });
  writeFileSync(join(folder, 'config/neutron/openvswitch_agent.ini'), '[agent]\nvxlan_udp_port = 4790\n');
  await step(cluster, "up, a line of the agents' file", ['up']);
  const after = await pods(cluster);
  const replaced = [...before].filter(([uid]) => !after.has(uid)).map(([, workload]) => workload);
  await step(cluster, 'nodes', ['nodes']);
  await step(cluster, 'status', ['status']);
  await step(cluster, 'status --watch, half a minute', ['status', '--watch', '--json'], 30);
  await step(cluster, 'serve, half a minute', ['serve'], 30);
  await step(cluster, 'destroy', ['destroy', '--yes']);
  print(before.size, replaced);
} finally {
  rmSync(home, { recursive: true, force: true });
}

/** Runs a command to its end, or so many seconds. */
async function step(
  cluster: TestCluster,
  what: string,
  words: readonly string[],
  seconds?: number,
): Promise<void> {
  const asked = cluster.requests().length;
  const peak = join(home, 'peak');
  const began = performance.now();
  const child = promisify(execFile)(
    process.execPath,
    ['--import', join(here, 'cluster/peak.ts'), join(here, '../src/cli/main.ts'), ...words, '-f', folder],
    { env: { ...process.env, KOLLAGE_PEAK: peak }, maxBuffer: 1 << 30 },
  );
  const timer =
    seconds === undefined ? undefined : setTimeout(() => child.child.kill('SIGINT'), seconds * 1000);
  // What is not healthy makes an exit code, and is told by the table.
  const ended: Ended = await child.catch((error) => error as Ended);
  const { stdout, stderr, code = 0 } = ended;
  clearTimeout(timer);
  // 2: there is something to do.
  if (code !== 0 && code !== 2 && seconds === undefined)
    throw new Error(`${what} ends with ${code}: ${stderr}\n${stdout.slice(-2000)}`);
  const requests = cluster
    .requests()
    .slice(asked)
    .map((one) => one.what);
  const took = (performance.now() - began) / 1000;
  steps.push({ what, seconds: took, memory: Number(readFileSync(peak, 'utf8')), requests });
  process.stderr.write(`${what}: ${took.toFixed(1)} s, ${requests.length} requests\n`);
}

/** The pods of workloads, by uid. */
async function pods({ client }: TestCluster): Promise<Map<string, string>> {
  const { items } = await client.list(
    { kind: 'Pod', namespace: 'bench' },
    { labels: 'kollage.dev/workload', only: 'metadata' },
  );
  return new Map(
    items.map(({ metadata: { uid = '', labels } }) => [uid, labels?.['kollage.dev/workload'] ?? '']),
  );
}

function configure(kubeconfig: string): void {
  mkdirSync(folder, { recursive: true });
  const update = { strategy: 'rolling', maxUnavailable: 100 };
  writeFileSync(
    join(folder, 'kollage.yaml'),
    stringify({
      name: 'bench',
      catalog: '../catalog',
      profile: 'compute',
      engine: { type: 'kubernetes', address: kubeconfig },
      services: { neutron: { components: { 'openvswitch-agent': { update } } } },
      nodes: {
        'simulated-[0:2]': { roles: ['controller', 'network'] },
        [`simulated-[3:${nodes - 1}]`]: { roles: ['compute'] },
      },
    }),
  );
}

/** The catalog, without what nobody says where nothing runs. */
function writeCatalog(): void {
  const catalog = join(home, 'catalog');
  cpSync(join(here, '../catalog/openstack'), catalog, { recursive: true });
  for (const service of readdirSync(catalog)) {
    const file = join(catalog, service, 'service.yaml');
    const text = readIfThere(file);
    if (text !== null)
      writeFileSync(file, stringify(without(parse(text, { merge: true })), { aliasDuplicateObjects: false }));
  }
}

function readIfThere(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}

function without(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(without);
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value).filter(([key]) => !['ready', 'unless', 'cleanup'].includes(key));
  return Object.fromEntries(kept.map(([key, one]) => [key, without(one)]));
}

function print(count: number, replaced: readonly string[]): void {
  const rows = steps.map(({ what, seconds, memory, requests }) => {
    const each = Map.groupBy(requests, (one) => one);
    const most = [...each].sort((a, b) => b[1].length - a[1].length).slice(0, 3);
    return [
      what,
      seconds.toFixed(1),
      memory.toFixed(0),
      requests.length,
      (requests.length / seconds).toFixed(2),
      most.map(([name, all]) => `${all.length} ${name}`).join(', '),
    ];
  });
  const head = ['command', 'seconds', 'memory, MB', 'requests', 'a second', 'most of them'];
  const line = (cells: readonly (string | number)[]) => `| ${cells.join(' | ')} |\n`;
  const of = [...new Set(replaced)].sort().join(', ');
  process.stdout.write(
    `${nodes} nodes, ${count} pods; the line replaced ${replaced.length} of them, of ${of}\n\n` +
      [head, head.map(() => '--'), ...rows].map(line).join(''),
  );
}
