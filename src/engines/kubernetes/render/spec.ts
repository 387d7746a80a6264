import { isProof, type Need, type Task, type Workload } from '../../../model/resource.ts';
import { tokensIn } from '../../../model/token.ts';
import { command, inside, specNeed } from '../../start-spec.ts';
import { objectName, only } from '../names.ts';
import { specKey } from './files.ts';
import type { RenderScope } from './scope.ts';
import { serviceName } from './service.ts';

/** Where things lie inside a pod's containers, beside those of every engine. */
export const place = {
  /** The files of a process as they were rendered, before they are filled in. */
  files: '/kollage/files',
  /** The filled-in files of a plain image, from where each is mounted at its place. */
  config: '/kollage/config',
  secrets: '/kollage/secrets',
  token: '/var/run/secrets/kubernetes.io/serviceaccount',
} as const;

/** What stands for the fingerprint of a needed task: the one that `kollage-tasks` says when it is asked, so that nothing is made anew for it. */
const current = 'current';

/** What the start program asks, and for how long: it may change without a pod being made anew, and is read when one starts. */
export function needsSpec(scope: RenderScope, process: Workload | Task): object {
  const tasks = new Map(scope.tasks.map(({ id }) => [id, current]));
  return {
    needs: process.needs.map((need) => ({
      ...specNeed(need, tasks),
      ...service(scope, need),
      ...(need.kind === 'task' && { label: objectName(need.task) }),
    })),
    timeoutSeconds: scope.desired.timeouts.needs,
  };
}

/** What makes a need one that the API server knows: whether a Service has an endpoint that is ready. Where it can be asked from elsewhere it is, too. */
function service(scope: RenderScope, need: Need): object | undefined {
  if (need.kind !== 'endpoint' && need.kind !== 'component') return undefined;
  if (need.on === 'node') return undefined;
  const of =
    need.kind === 'endpoint'
      ? serviceName(scope, scope.endpoints.get(need.endpoint))
      : serviceName(scope, { workload: need.component });
  if (of === undefined) return undefined;
  return { kind: 'service', service: of, ...(!('host' in need.probe) && { probe: undefined }) };
}

/** The spec of the start program before the process: it waits, fills in files, and is gone. */
export function waitSpec(scope: RenderScope, process: Workload | Task): object {
  return {
    ...base(scope, process),
    exec: ['true'],
    include: `${inside.spec}/${specKey.needs}`,
    fill: fills(scope, process),
  };
}

/** The spec of the start program as the parent of the process, where that has tokens in its command or variables, or publishes outputs. */
export function runSpec(scope: RenderScope, process: Workload | Task): object {
  return {
    ...base(scope, process),
    exec: command(process),
    task:
      process.kind === 'task' && !isProof(process) && Object.keys(process.outputs).length > 0
        ? { fingerprint: process.fingerprint, outputs: process.outputs }
        : null,
  };
}

function base({ settings }: RenderScope, process: Workload | Task): object {
  const { id } = process;
  const { namespace } = settings;
  const { tasks, outputs } = only;
  const follows = process.kind === 'workload' && process.follows && Object.keys(process.follows);
  return {
    id,
    instance: id,
    store: { type: 'kubernetes', namespace, tasks, outputs, ...(follows && { follows }) },
    secrets: place.secrets,
  };
}

/** A folder of Kolla's as a whole; each file of a plain image, with the mode that it has where it is mounted. */
function fills(scope: RenderScope, process: Workload | Task): object[] {
  if (!isFilled(scope, process)) return [];
  if (process.start === 'kolla') return [{ source: place.files, target: inside.config }];
  const { files = [] } = bundleOf(scope, process) ?? {};
  return files
    .filter(({ path }) => path !== null)
    .map(({ name, mode }) => ({ source: `${place.files}/${name}`, target: `${place.config}/${name}`, mode }));
}

export function bundleOf(scope: RenderScope, { config }: Workload | Task) {
  return config === null ? undefined : scope.bundles.get(config);
}

/** Whether files must be filled in before the process may read them. A plain image's always are: each has its own mode. */
export function isFilled(scope: RenderScope, process: Workload | Task): boolean {
  const { files = [] } = bundleOf(scope, process) ?? {};
  return process.start === 'plain'
    ? files.some(({ path }) => path !== null)
    : files.some(({ content }) => tokensIn(content).length > 0);
}

/** Whether something comes before the process. */
export function isGated(scope: RenderScope, process: Workload | Task): boolean {
  return process.needs.length > 0 || isFilled(scope, process);
}

/** Whether the start program is the parent of the process: for what only it can fill in, or publish. */
export function isWrapped(process: Workload | Task): boolean {
  const texts = [
    ...(process.start === 'plain' ? process.command : []),
    ...Object.values(process.env).filter(isHard),
  ];
  const publishes = process.kind === 'task' && Object.keys(process.outputs).length > 0;
  return publishes || texts.some((text) => tokensIn(text).length > 0);
}

/** A variable's value that Kubernetes itself cannot put together: it can where the whole of it is one token that it knows. */
function isHard(text: string): boolean {
  const [first, ...more] = tokensIn(text);
  if (!first) return false;
  const isWhole =
    more.length === 0 && text.startsWith('@{') && text.endsWith('}') && first.filters.length === 0;
  const isKnown = (first.kind === 'secret' || first.kind === 'node') && !first.name.includes(':');
  return !isWhole || !isKnown;
}

/** Whether the start program asks the API server, and so needs a token. */
export function asksServer(scope: RenderScope, process: Workload | Task, spec: 'wait' | 'run'): boolean {
  const hasOutputs = (text: string) => tokensIn(text).some(({ kind }) => kind === 'output');
  if (spec === 'run')
    return (
      (process.kind === 'task' && Object.keys(process.outputs).length > 0) ||
      [...process.command, ...Object.values(process.env)].some(hasOutputs)
    );
  // It also tells that it waits.
  return (
    process.needs.length > 0 ||
    (bundleOf(scope, process)?.files ?? []).some(({ content }) => hasOutputs(content))
  );
}
