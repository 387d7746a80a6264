import { hash } from '../compile/fingerprint.ts';
import type { Change, Observed, Plan } from '../model/plan.ts';
import {
  type ConfigBundle,
  type ConfigFile,
  type Desired,
  type DesiredNode,
  type Endpoint,
  keyOf,
  type Need,
  type Probe,
  type Process,
  type Resource,
  type Task,
  type Workload,
} from '../model/resource.ts';
import { makePlan } from './plan.ts';

/*
 * Desired states for tests and benchmarks, made without a catalog. Hashes, inputs and fingerprints follow from the
 * rest as they do when compiled.
 */

export const noPrivileges: Process['privileges'] = {
  capabilities: [],
  devices: [],
  hostNetwork: false,
  hostPid: false,
  hostIpc: false,
  hostCgroup: false,
  unconfined: [],
  deviceCgroupRules: [],
};

export interface TestWorkload
  extends Partial<Omit<Workload, 'kind' | 'service' | 'component' | 'inputs' | 'fingerprint'>> {
  readonly id: string;
  readonly files?: readonly TestFile[];
}

export interface TestTask extends Partial<Omit<Task, 'kind' | 'service' | 'inputs' | 'fingerprint'>> {
  readonly id: string;
  readonly files?: readonly TestFile[];
}

export type TestFile = Partial<Omit<ConfigFile, 'hash'>> & Pick<ConfigFile, 'name' | 'content'>;

export interface TestDesired {
  readonly engine?: string;
  readonly nodes?: readonly (string | (Partial<DesiredNode> & Pick<DesiredNode, 'name'>))[];
  readonly workloads?: readonly TestWorkload[];
  readonly tasks?: readonly TestTask[];
  readonly endpoints?: readonly (Partial<Endpoint> & Pick<Endpoint, 'id' | 'port'>)[];
  readonly volumes?: readonly string[];
  /** Secret names to fingerprints. */
  readonly secrets?: Readonly<Record<string, string>>;
}

/**
 * A desired state of these parts. Endpoints answer at the workload of the same name unless told otherwise; every
 * node has every role.
 */
export function desiredOf(parts: TestDesired): Desired {
  const nodes = (parts.nodes ?? ['node-1']).map((node) =>
    nodeOf(typeof node === 'string' ? { name: node } : node),
  );
  const names = nodes.map((node) => node.name).sort();
  const secrets = parts.secrets ?? {};
  const endpoints = (parts.endpoints ?? []).map(endpointOf);
  const resources: Resource[] = [
    ...(parts.workloads ?? []).flatMap((workload) => workloadOf(workload, names, endpoints, secrets)),
    ...(parts.tasks ?? []).flatMap((task) => taskOf(task, names, secrets)),
    ...endpoints,
    ...(parts.volumes ?? []).map((id): Resource => ({ kind: 'volume', id, each: 'node', size: null })),
    ...Object.entries(secrets).map(([id, fingerprint]): Resource => ({ kind: 'secret', id, fingerprint })),
  ];
  return finish({
    deployment: 'test',
    release: '1',
    engine: parts.engine ?? 'docker',
    network: parts.engine === 'kubernetes' ? 'cluster' : 'host',
    nodes,
    timeouts: { needs: 600 },
    resources,
    logins: [],
  });
}

/** Sorts the resources, and gives the state its fingerprint. */
export function finish(state: Omit<Desired, 'fingerprint'>): Desired {
  const resources = [...state.resources].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
  const whole = { ...state, resources };
  return { ...whole, fingerprint: hash(whole) };
}

/** A need for an endpoint that accepts connections. */
export function needs(endpoint: string, on: 'any' | 'node' = 'any'): Need {
  const probe: Probe = { type: 'tcp', host: '127.0.0.1', port: 1 };
  return { kind: 'endpoint', endpoint, on, probe };
}

export function nodeOf(node: Partial<DesiredNode> & Pick<DesiredNode, 'name'>): DesiredNode {
  return { roles: ['controller'], address: null, memory: null, cpus: null, ...node };
}

function endpointOf(parts: Partial<Endpoint> & Pick<Endpoint, 'id' | 'port'>): Endpoint {
  return {
    kind: 'endpoint',
    workload: parts.id,
    host: '127.0.0.1',
    protocol: 'tcp',
    scheme: 'http',
    path: '',
    exposure: 'internal',
    url: `http://127.0.0.1:${parts.port}`,
    ...parts,
  };
}

function workloadOf(
  { files = [], ...parts }: TestWorkload,
  nodes: readonly string[],
  endpoints: readonly Endpoint[],
  secrets: Readonly<Record<string, string>>,
): Resource[] {
  const [base = parts.id] = parts.id.split('@');
  const [service = '', component = ''] = base.split('/');
  const bundle = bundleOf(parts.id, files);
  const draft: Omit<Workload, 'inputs' | 'fingerprint'> = {
    kind: 'workload',
    service,
    component,
    ...processOf(bundle, nodes),
    ports: endpoints
      .filter((endpoint) => endpoint.workload === base)
      .map(({ id, port, protocol, exposure }) => ({ endpoint: id, port, protocol, exposure })),
    health: null,
    ready: [],
    scale: { replicas: 1 },
    update: { strategy: 'rolling', maxUnavailable: 1, surge: 0, batch: 1 },
    stop: { signal: null, command: null, grace: 10 },
    reload: null,
    cleanup: null,
    outputs: {},
    ...parts,
  };
  const { start, command, env, user, mounts, privileges, ports } = draft;
  const workload = fingerprint(
    draft,
    bundle,
    { start, command, env, user, mounts, privileges, ports },
    secrets,
  );
  return bundle ? [workload, bundle] : [workload];
}

function taskOf(
  { files = [], ...parts }: TestTask,
  nodes: readonly string[],
  secrets: Readonly<Record<string, string>>,
): Resource[] {
  const [service = ''] = parts.id.split('/');
  const bundle = bundleOf(parts.id, files);
  const draft: Omit<Task, 'inputs' | 'fingerprint'> = {
    kind: 'task',
    service,
    ...processOf(bundle, nodes),
    phase: 'bootstrap',
    timeout: 300,
    retries: 0,
    each: 'deployment',
    changes: [],
    outputs: {},
    ...parts,
  };
  const task = fingerprint(draft, bundle, [draft.command, draft.user], secrets);
  return bundle ? [task, bundle] : [task];
}

function processOf(
  bundle: ConfigBundle | null,
  nodes: readonly string[],
): Omit<Process, 'inputs' | 'fingerprint'> {
  return {
    image: 'image:1',
    start: 'kolla',
    command: ['run'],
    env: {},
    user: null,
    config: bundle?.id ?? null,
    mounts: [],
    privileges: noPrivileges,
    resources: { memory: null, cpus: null },
    needs: [],
    placement: { role: 'controller', nodes },
    secrets: [],
  };
}

function bundleOf(id: string, files: readonly TestFile[]): ConfigBundle | null {
  if (files.length === 0) return null;
  return { kind: 'config', id, files: files.map(fileOf) };
}

function fileOf(parts: TestFile): ConfigFile {
  const file = {
    path: `/etc/${parts.name}`,
    owner: null,
    mode: '0600',
    onChange: 'restart' as const,
    sources: [],
    ...parts,
  };
  return { ...file, hash: hash([file.content, file.path, file.owner, file.mode]) };
}

function fingerprint<T extends Omit<Process, 'inputs' | 'fingerprint'> & { readonly id: string }>(
  draft: T,
  bundle: ConfigBundle | null,
  spec: unknown,
  secrets: Readonly<Record<string, string>>,
): T & Pick<Process, 'inputs' | 'fingerprint'> {
  const inputs: Record<string, string> = { image: hash(draft.image), spec: hash(spec) };
  for (const file of bundle?.files ?? []) inputs[`file:${file.name}`] = file.hash;
  for (const name of draft.secrets) inputs[`secret:${name}`] = secrets[name] ?? 'missing';
  return { ...draft, inputs, fingerprint: hash([draft.id, inputs]) };
}

const api: TestWorkload = { id: 'web/api', files: [{ name: 'web.conf', content: '[a]\nx = 1\ny = 2\n' }] };

/** A state with a workload web/api, which has a configuration file of three lines, changed as told. */
export function withApi(changed: Partial<TestWorkload>, more: TestDesired = {}): TestDesired {
  return { ...more, workloads: [{ ...api, ...changed }] };
}

/** The plan from one state to another. */
export function planOf(before: TestDesired | null, after: TestDesired, observed: Observed = {}): Plan {
  return makePlan({ desired: desiredOf(after), last: before && desiredOf(before), observed });
}

/** What such a plan does with one resource; undefined when nothing. */
export function changeOf(
  before: TestDesired | null,
  after: TestDesired,
  key: string,
  observed?: Observed,
): Change | undefined {
  return planOf(before, after, observed).changes.find((change) => change.key === key);
}
