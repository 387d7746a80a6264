import { isProof, type Need, type Task, type Workload } from '../../../model/resource.ts';
import { atSlot, bundleAt } from '../../../model/slots.ts';
import { command, inside, specNeed } from '../../start-spec.ts';
import { registryName } from '../names.ts';
import type { FetchedFile, ProcessBundle } from '../znodes.ts';
import type { RenderScope } from './scope.ts';

/** Which record of a needed task counts: the one of the fingerprint that is wanted when it is asked for. */
const current = 'current';

/** What a process is given in ZooKeeper. Secrets are not in it: `secretFiles` are published together with it. */
export function processBundle(scope: RenderScope, whole: Workload | Task): ProcessBundle {
  const process = whole.kind === 'workload' ? atSlot(whole, 1) : whole;
  const bundle = whole.config === null ? undefined : scope.bundles.get(whole.config);
  const { files } =
    bundle && whole.kind === 'workload' ? bundleAt(bundle, whole, 1) : (bundle ?? { files: [] });
  const tasks = new Map(scope.tasks.map(({ id }) => [id, current]));
  const isRecorded = process.kind === 'task' && !isProof(process);
  return {
    spec: {
      id: process.id,
      exec: command(process),
      needs: process.needs.map((need) => registered(scope, need) ?? specNeed(need, tasks)),
      fill:
        process.start === 'plain'
          ? files.flatMap(({ name, path, mode }) =>
              path === null ? [] : [{ source: `files/${name}`, target: path, mode }],
            )
          : files.length > 0
            ? [{ source: 'files', target: inside.config }]
            : [],
      timeoutSeconds: scope.desired.timeouts.needs,
      task: isRecorded ? { fingerprint: process.fingerprint, outputs: process.outputs } : null,
      store: {
        type: 'zookeeper',
        register: process.kind === 'workload' ? register(scope, process) : null,
        ...(process.kind === 'workload' && process.follows && { follows: Object.keys(process.follows) }),
        renew: process.kind === 'workload' ? renew(process, files) : null,
      },
    },
    files: files.map(({ name, content, mode }) => ({ path: `files/${name}`, content, mode })),
  };
}

/** The secrets of a process as files that the start program fills in from. */
export function secretFiles(
  { secrets }: Workload | Task,
  reveal: (name: string) => string | undefined,
): FetchedFile[] {
  return secrets.map((name) => ({ path: `secrets/${name}`, content: reveal(name) ?? '', mode: '0600' }));
}

/** As what an instance is registered, and when. */
function register({ desired }: RenderScope, { id, health, ports, stop }: Workload): object {
  return {
    as: registryName(id),
    address: desired.registers,
    probe: health?.probe ?? null,
    interval: health?.interval ?? 10,
    stop: stop.signal ?? 'SIGTERM',
    ports: Object.fromEntries(ports.map(({ endpoint, port }) => [endpoint, port])),
  };
}

/** What a process is told when a file of it changed that names the instances of others; null where none does. */
function renew(
  { start, reload, balances }: Workload,
  files: readonly { readonly content: string }[],
): object | null {
  const { command = null, signal = null } = balances?.follow ? { command: balances.follow } : (reload ?? {});
  if ((command === null && signal === null) || !files.some(({ content }) => content.includes('@{each.')))
    return null;
  return {
    run: [
      // Kolla's own way of putting files where they are read (images/contract/bin/kolla_start).
      ...(start === 'kolla'
        ? [['env', 'KOLLA_CONFIG_STRATEGY=COPY_ALWAYS', 'sudo', '-n', '-E', 'kolla_set_configs']]
        : []),
      ...(command === null ? [] : [command]),
    ],
    signal,
  };
}

/** A need that the registry knows. What must be on the same node is asked there. */
function registered(scope: RenderScope, need: Need): object | undefined {
  if ((need.kind !== 'endpoint' && need.kind !== 'component') || need.on === 'node') return undefined;
  const name = need.kind === 'endpoint' ? need.endpoint : need.component;
  const endpoint = scope.endpoints.get(name);
  const workload = need.kind === 'component' ? name : (endpoint?.balancer ?? endpoint?.workload);
  return workload === undefined ? undefined : { kind: 'service', name, service: registryName(workload) };
}
