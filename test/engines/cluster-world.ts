import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { KubernetesEngine } from '../../src/engines/kubernetes/engine.ts';
import type { TestCluster } from '../cluster/cluster.ts';
import { scratch } from '../support/folders.ts';
import type { World } from './conformance/world.ts';

export const image = 'kollage/memcached:2025.1';

interface Listed {
  readonly metadata: {
    readonly name: string;
    readonly uid: string;
    readonly deletionTimestamp?: string;
    readonly labels?: Readonly<Record<string, string>>;
  };
  readonly status: { readonly containerStatuses?: readonly { readonly containerID?: string }[] };
}

/** A cluster of one node, looked at with kubectl. */
export function clusterWorld(cluster: TestCluster): World {
  const env = { ...process.env, KUBECONFIG: cluster.kubeconfig };
  const kubectl = (...args: string[]) =>
    execFileSync(join(cluster.folder, 'bin/kubectl'), args, {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      env,
      maxBuffer: 64 * 1024 * 1024,
    });
  const pods = (selector: string): Listed[] =>
    (
      JSON.parse(kubectl('get', 'pods', '--all-namespaces', '--selector', selector, '--output', 'json')) as {
        items: Listed[];
      }
    ).items;
  /** The newest pod of a workload, and its namespace: the tests run one deployment after the other. */
  const podOf = (instance: string) => {
    const [pod] = pods(`kollage.dev/workload=${instance}`).filter(
      ({ metadata }) => !metadata.deletionTimestamp,
    );
    if (!pod) throw new Error(`${instance} does not run`);
    return { pod, namespace: pod.metadata.labels?.['kollage.dev/deployment'] ?? '' };
  };
  let last = '';
  return {
    settings: `engine: { type: kubernetes, address: ${cluster.kubeconfig} }\n`,
    engine: new KubernetesEngine({ type: 'kubernetes', address: cluster.kubeconfig }),
    unreachable: new KubernetesEngine({ type: 'kubernetes', address: nowhere(cluster.kubeconfig) }),
    image,
    instances: (deployment) => {
      last = deployment;
      return new Map(
        pods(`kollage.dev/deployment=${deployment}`)
          .filter(({ metadata }) => !metadata.deletionTimestamp)
          .map(({ metadata: { name, uid, labels = {} } }) => [
            labels['kollage.dev/workload'] ?? labels['kollage.dev/task'] ?? name,
            uid,
          ]),
      );
    },
    kill: (instance) => {
      const id = podOf(instance).pod.status.containerStatuses?.[0]?.containerID?.replace(/^.*\/\//, '') ?? '';
      process.kill(firstOf(id), 'SIGKILL');
    },
    order: (instance) => {
      const { pod, namespace } = podOf(instance);
      kubectl('delete', 'pod', pod.metadata.name, '--namespace', namespace, '--now');
    },
    stop: (instance) => {
      const { pod, namespace } = podOf(instance);
      kubectl('delete', 'pod', pod.metadata.name, '--namespace', namespace, '--grace-period', '1');
    },
    remove: (instance) => {
      const { namespace } = podOf(instance);
      kubectl('delete', 'deployment', instance, '--namespace', namespace, '--cascade=foreground');
    },
    occupy: (instance) => {
      const namespace = last;
      kubectl('create', 'deployment', instance, '--namespace', namespace, `--image=${image}`, '--replicas=0');
      const look = () =>
        kubectl(
          'get',
          'deployment',
          instance,
          '--namespace',
          namespace,
          '--output',
          'jsonpath={.metadata.uid} {.metadata.generation}',
        );
      const before = look();
      return {
        untouched: () => look() === before,
        remove: () => void kubectl('delete', 'deployment', instance, '--namespace', namespace),
      };
    },
    shell: (instance, line) => {
      const { pod, namespace } = podOf(instance);
      return kubectl('exec', pod.metadata.name, '--namespace', namespace, '--', 'sh', '-c', line);
    },
    edit: (instance, what) => {
      const { namespace } = podOf(instance);
      if (what === 'beside') return void kubectl('delete', 'service', instance, '--namespace', namespace);
      const patch = JSON.stringify({ spec: { template: { spec: { terminationGracePeriodSeconds: 77 } } } });
      kubectl('patch', 'deployment', instance, '--namespace', namespace, '--patch', patch);
    },
    readVolume: (deployment, volume, path) => {
      const file = `/var/lib/kollage/${deployment}/${volume.replaceAll('/', '-')}/${path}`;
      // What is run there comes back without the white space at its end.
      return cluster.nodes[0]?.run('cat "$1" 2>&-; echo .', file).slice(0, -1) ?? '';
    },
    told: (deployment) => {
      const kinds = 'pods,configmaps,deployments,jobs,events,services';
      const names = pods(`kollage.dev/deployment=${deployment}`).map(({ metadata }) => metadata.name);
      return [
        kubectl('get', kinds, '--namespace', deployment, '--output', 'yaml'),
        ...names.map((name) => kubectl('logs', name, '--namespace', deployment, '--all-containers')),
        execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' }),
      ].join('\n');
    },
    left: (deployment) => {
      const selector = ['--selector', `kollage.dev/deployment=${deployment}`, '--output', 'name'];
      const names = (...args: string[]) =>
        kubectl('get', ...args, ...selector)
          .split('\n')
          .filter(Boolean);
      return {
        namespaces: names('namespaces'),
        volumes: names('persistentvolumes'),
        objects: names(
          'all,configmaps,secrets,persistentvolumeclaims,networkpolicies,roles',
          '--all-namespaces',
        ),
      };
    },
  };
}

/** A kubeconfig of a place where nothing answers. */
function nowhere(kubeconfig: string): string {
  const path = join(scratch(), 'kubeconfig');
  const text = readFileSync(kubeconfig, 'utf8').replace(/server: .*/, 'server: https://127.0.0.1:1');
  writeFileSync(path, text, { mode: 0o600 });
  return path;
}

/** The id, on this host, of the first process of a container: the one that began first of its control group's. */
function firstOf(container: string): number {
  const found = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cgroup`, 'utf8').includes(container);
      } catch {
        return false;
      }
    })
    .map(Number)
    .sort((a, b) => a - b);
  if (container === '' || found[0] === undefined)
    throw new Error(`no process is in the container ${container}`);
  return found[0];
}
