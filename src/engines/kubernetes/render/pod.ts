import type {
  V1Container,
  V1KeyToPath,
  V1PodSpec,
  V1PodTemplateSpec,
  V1Volume,
  V1VolumeMount,
} from '@kubernetes/client-node';
import type { Mount, Task, Workload } from '../../../model/resource.ts';
import { command, inside, startCommand } from '../../start-spec.ts';
import { annotation, label, objectName, only } from '../names.ts';
import { claimFor, claimName, nodeFolder, ownVolumes, quantity } from './claims.ts';
import { environment, literal, podEnv } from './env.ts';
import { type ConfigMap, configMap, secretKey, secretName, specKey } from './files.ts';
import { placing } from './placing.ts';
import { asksInside, probes } from './probes.ts';
import type { RenderScope } from './scope.ts';
import { containerSecurity, initSecurity, podSecurity } from './security.ts';
import { componentOf, isPublic, publicPort } from './service.ts';
import {
  asksServer,
  bundleOf,
  isFilled,
  isGated,
  isWrapped,
  needsSpec,
  place,
  runSpec,
  waitSpec,
} from './spec.ts';
import { ties } from './ties.ts';

/** A pod, and the ConfigMaps that it mounts. */
export interface Pod {
  readonly template: V1PodTemplateSpec;
  readonly objects: readonly ConfigMap[];
}

/** Seconds that a task which is told to stop has to clean up. */
const taskGrace = 60;

/** The pods of a workload or task: before the process, the start program waits in a container of its own. */
export function pod(scope: RenderScope, process: Workload | Task): Pod {
  const parts = new Parts(scope, process);
  const { privileges } = process;
  const main = parts.main();
  const init = isGated(scope, process) ? [parts.init()] : [];
  const spec: V1PodSpec = {
    ...(init.length > 0 && { initContainers: init }),
    containers: [main],
    volumes: parts.volumes(),
    ...(process.kind === 'task' && { restartPolicy: 'Never' }),
    terminationGracePeriodSeconds:
      process.kind === 'task' ? taskGrace : Math.max(1, Math.ceil(process.stop.grace)),
    serviceAccountName: scope.serviceAccount(process),
    automountServiceAccountToken: false,
    // A variable for each port of each Service would meet variables that programs read.
    enableServiceLinks: false,
    securityContext: podSecurity(scope, process),
    ...placing(scope, process),
    ...(privileges.hostNetwork && { hostNetwork: true, dnsPolicy: 'ClusterFirstWithHostNet' }),
    ...(privileges.hostPid && { hostPID: true }),
    ...(privileges.hostIpc && { hostIPC: true }),
    ...(scope.settings.pullSecrets.length > 0 && {
      imagePullSecrets: scope.settings.pullSecrets.map((name) => ({ name })),
    }),
  };
  const labels = {
    ...scope.labels(process),
    ...ties(scope, process).labels,
    ...(parts.isPublic && { [label.public]: 'true' }),
  };
  const annotations = {
    [annotation.key]: `${process.kind}:${process.id}`,
    [annotation.fingerprint]: process.fingerprint,
  };
  return { template: { metadata: { labels, annotations }, spec }, objects: parts.objects };
}

class Parts {
  readonly #scope: RenderScope;
  readonly #process: Workload | Task;
  readonly #files: ConfigMap;
  readonly #needs: ConfigMap | null;
  readonly #wrapped: boolean;
  readonly #gated: boolean;
  readonly #filled: boolean;

  constructor(scope: RenderScope, process: Workload | Task) {
    this.#scope = scope;
    this.#process = process;
    this.#wrapped = isWrapped(process);
    this.#gated = isGated(scope, process);
    this.#filled = isFilled(scope, process);
    const { files = [] } = bundleOf(scope, process) ?? {};
    const data = {
      ...Object.fromEntries(files.map(({ name, content }) => [name, content])),
      ...(this.#gated && { [specKey.wait]: json(waitSpec(scope, process)) }),
      ...(this.#wrapped && { [specKey.run]: json(runSpec(scope, process)) }),
    };
    this.#files = configMap(scope, process.id, data, process);
    this.#needs = this.#gated
      ? {
          apiVersion: 'v1',
          kind: 'ConfigMap',
          metadata: scope.head(objectName(process.id, '-needs'), process),
          data: { [specKey.needs]: json(needsSpec(scope, process)) },
        }
      : null;
  }

  get objects(): ConfigMap[] {
    return [
      ...(Object.keys(this.#files.data).length > 0 ? [this.#files] : []),
      ...(this.#needs ? [this.#needs] : []),
    ];
  }

  get isPublic(): boolean {
    return this.#ports().some(({ name }) => name !== undefined);
  }

  /** The start program, before the process. */
  init(): V1Container {
    const probesHere = this.#process.needs.some(
      (need) => 'probe' in need && (need.probe.type === 'socket' || need.probe.type === 'file'),
    );
    return {
      name: 'start',
      image: this.#process.image,
      command: [...startCommand],
      env: [{ name: 'KOLLAGE_SPEC', value: `${inside.spec}/${specKey.wait}` }, ...podEnv],
      volumeMounts: [
        mount('start', inside.start, true),
        mount('spec', inside.spec, true),
        ...(asksServer(this.#scope, this.#process, 'wait') ? [mount('token', place.token, true)] : []),
        ...(this.#filled
          ? [mount('files', place.files, true), mount('config', this.#configPlace(), false)]
          : []),
        ...(this.#filled && this.#process.secrets.length > 0 ? [mount('secrets', place.secrets, true)] : []),
        // It only looks; to pass on what is mounted below them is for privileged containers.
        ...(probesHere ? this.#mounts().map(({ name, mountPath }) => mount(name, mountPath, true)) : []),
      ],
      securityContext: initSecurity,
    };
  }

  /** The process itself. */
  main(): V1Container {
    const process = this.#process;
    const { image, resources } = process;
    const lifecycle = process.kind === 'workload' ? stopping(process) : undefined;
    const ports = this.#ports();
    const asked = {
      ...(resources.memory !== null && { memory: quantity(resources.memory) }),
      ...(resources.cpus !== null && { cpu: String(resources.cpus) }),
    };
    return {
      name: containerName(process),
      image,
      command: (this.#wrapped ? startCommand : command(process).map(literal)).slice(),
      env: [
        ...(this.#wrapped
          ? [{ name: 'KOLLAGE_SPEC', value: `${inside.spec}/${specKey.run}` }, ...podEnv]
          : []),
        ...environment(this.#scope, process, this.#wrapped),
      ],
      ...(ports.length > 0 && { ports }),
      ...(Object.keys(asked).length > 0 && { resources: { requests: asked } }),
      volumeMounts: [...this.#configMounts(), ...this.#ownMounts(), ...this.#mounts()],
      ...(process.kind === 'workload' && probes(process)),
      ...(lifecycle && { lifecycle }),
      securityContext: containerSecurity(this.#scope, process),
    };
  }

  volumes(): V1Volume[] {
    const scope = this.#scope;
    const process = this.#process;
    const { files = [] } = bundleOf(scope, process) ?? {};
    const needsStart = this.#gated || this.#wrapped || this.#probesInside();
    const asks = asksServer(scope, process, 'wait') || (this.#wrapped && asksServer(scope, process, 'run'));
    const secrets = this.#filled || this.#wrapped ? process.secrets : [];
    return [
      ...(needsStart ? [{ name: 'start', configMap: { name: only.program } }] : []),
      ...(this.#gated || this.#wrapped ? [this.#specVolume()] : []),
      ...(files.length > 0
        ? [
            {
              name: 'files',
              configMap: {
                name: this.#files.metadata.name,
                items: files.map(({ name }): V1KeyToPath => ({ key: name, path: name })),
              },
            },
          ]
        : []),
      ...(this.#filled ? [{ name: 'config', emptyDir: { medium: 'Memory' } }] : []),
      ...(secrets.length > 0
        ? [
            {
              name: 'secrets',
              projected: {
                sources: secrets.flatMap((id) => [
                  { secret: { name: secretName(scope, id), items: [{ key: secretKey, path: id }] } },
                  ...former(scope, id),
                ]),
              },
            },
          ]
        : []),
      ...(asks ? [tokenVolume] : []),
      ...mountedVolumes(scope, process.mounts, (source) => this.#ownName(source)),
    ];
  }

  /** The name of a volume that each pod of this workload has for itself: its StatefulSet adds it to the pod. */
  #ownName(source: string): string | undefined {
    if (this.#process.kind !== 'workload') return undefined;
    const own = ownVolumes(this.#scope, this.#process).find(({ id }) => id === source);
    return own && claimName(own);
  }

  #specVolume(): V1Volume {
    const specs = [...(this.#gated ? [specKey.wait] : []), ...(this.#wrapped ? [specKey.run] : [])];
    const items = specs.map((key): V1KeyToPath => ({ key, path: key }));
    return {
      name: 'spec',
      projected: {
        sources: [
          { configMap: { name: this.#files.metadata.name, items } },
          ...(this.#needs ? [{ configMap: { name: this.#needs.metadata.name } }] : []),
        ],
      },
    };
  }

  #configPlace(): string {
    return this.#process.start === 'kolla' ? inside.config : place.config;
  }

  /** Kolla's images take the whole bundle at one place; a plain image gets each file where it wants it. */
  #configMounts(): V1VolumeMount[] {
    const { files = [] } = bundleOf(this.#scope, this.#process) ?? {};
    if (files.length === 0) return [];
    if (this.#process.start === 'kolla')
      return [mount(this.#filled ? 'config' : 'files', inside.config, true)];
    return files.flatMap(({ name, path }) =>
      path === null ? [] : [{ ...mount('config', path, true), subPath: name }],
    );
  }

  /** What the start program needs where it is the parent of the process, or asks whether that is healthy. */
  #ownMounts(): V1VolumeMount[] {
    const wrapped = this.#wrapped;
    return [
      ...(wrapped || this.#probesInside() ? [mount('start', inside.start, true)] : []),
      ...(wrapped ? [mount('spec', inside.spec, true)] : []),
      ...(wrapped && this.#process.secrets.length > 0 ? [mount('secrets', place.secrets, true)] : []),
      ...(wrapped && asksServer(this.#scope, this.#process, 'run')
        ? [mount('token', place.token, true)]
        : []),
    ];
  }

  #mounts(): V1VolumeMount[] {
    return mountsOf(this.#process.mounts, (source) => this.#ownName(source));
  }

  #probesInside(): boolean {
    return this.#process.kind === 'workload' && asksInside(this.#process);
  }

  #ports(): NonNullable<V1Container['ports']> {
    if (this.#process.kind !== 'workload') return [];
    const component = componentOf(this.#process);
    return [...this.#scope.endpoints.values()]
      .filter(({ workload }) => workload === component)
      .map((endpoint) => ({
        ...(isPublic(endpoint) && { name: publicPort(endpoint) }),
        containerPort: endpoint.port,
        protocol: endpoint.protocol.toUpperCase(),
      }));
  }
}

/** The container of the process: its component or task. */
export function containerName({ id }: Pick<Workload | Task, 'id'>): string {
  return objectName((id.split('/')[1] ?? id).split('@')[0] ?? id);
}

/** What is mounted, as volumes of a pod; `named`: how one is called that is added to the pod by what makes it. */
export function mountedVolumes(
  scope: RenderScope,
  mounts: readonly Mount[],
  named: (source: string) => string | undefined = () => undefined,
): V1Volume[] {
  return mounts.flatMap(({ type, source }, index): V1Volume[] => {
    const name = `mount-${index}`;
    if (type === 'tmpfs') return [{ name, emptyDir: { medium: 'Memory' } }];
    if (type === 'host') return [{ name, hostPath: { path: source } }];
    if (named(source) !== undefined) return [];
    const volume = scope.volumes.get(source);
    return volume && volume.each !== 'node'
      ? [{ name, persistentVolumeClaim: { claimName: claimFor(scope, volume) } }]
      : [{ name, hostPath: { path: nodeFolder(scope, { id: source }), type: 'DirectoryOrCreate' } }];
  });
}

/** Where a container has them. */
export function mountsOf(
  mounts: readonly Mount[],
  named: (source: string) => string | undefined = () => undefined,
): V1VolumeMount[] {
  return mounts.map(({ source, path, readOnly, shared }, index) => ({
    ...mount(named(source) ?? `mount-${index}`, path, readOnly),
    ...(shared && { mountPropagation: 'Bidirectional' }),
  }));
}

/** A command or a signal of its own comes before Kubernetes' SIGTERM, which waits for it, as long as the pod may take at all. */
function stopping({ stop, privileges }: Workload): V1Container['lifecycle'] {
  if (stop.command) return { preStop: { exec: { command: [...stop.command] } } };
  // With the host's processes in sight, the first one is the host's own.
  if (stop.signal === null || stop.signal === 'SIGTERM' || privileges.hostPid) return undefined;
  const signal = stop.signal.replace(/^SIG/, '');
  const line = `kill -s ${signal} 1; while kill -0 1 2>&-; do sleep 0.1; done`;
  return { preStop: { exec: { command: ['sh', '-c', line] } } };
}

/** The value that a secret had before the change that is under way. */
function former({ formers }: RenderScope, id: string) {
  const name = formers.get(id);
  const path = `${id}:former`;
  return name === undefined ? [] : [{ secret: { name, items: [{ key: secretKey, path }] } }];
}

/** What a pod gets by itself otherwise (kubernetes.io/docs/concepts/storage/projected-volumes), for those containers alone that ask the API server. */
const tokenVolume: V1Volume = {
  name: 'token',
  projected: {
    sources: [
      { serviceAccountToken: { path: 'token', expirationSeconds: 3600 } },
      { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
    ],
  },
};

function mount(name: string, mountPath: string, readOnly: boolean): V1VolumeMount {
  return { name, mountPath, ...(readOnly && { readOnly }) };
}

function json(data: unknown): string {
  return `${JSON.stringify(data, null, 1)}\n`;
}
