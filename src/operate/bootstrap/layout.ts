import { rolesAttribute } from '../../engines/marathon/names.ts';
import { controller, type Host } from './hosts.ts';

/*
 * What of Mesos runs where, and how it is started: the flags are those of apache/mesos (docs/configuration/master.md, agent.md, master-and-agent.md) and of
 * mesosphere/marathon (docs/docs/command-line-flags.md).
 */

export const kinds = ['zookeeper', 'master', 'agent', 'marathon'] as const;
export type Kind = (typeof kinds)[number];
export type Images = Readonly<Record<Kind, string>>;

export interface Cluster {
  readonly name: string;
  readonly hosts: readonly Host[];
  readonly images: Images;
}

/** Stands for where Docker keeps a part's volume on its host. */
export const atVolume = '{volume}';

/** One container. */
export interface Part {
  readonly host: Host;
  readonly kind: Kind;
  /** Of the container, and of its volume. */
  readonly name: string;
  readonly image: string;
  /** Null for the image's own. */
  readonly entrypoint: readonly string[] | null;
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Where its volume is mounted; null without one. */
  readonly volume: string | null;
  readonly binds: readonly string[];
  /** Names of hosts that it must know, as `NAME:ADDRESS`. */
  readonly hosts: readonly string[];
  readonly hostPid: boolean;
}

export const ports = {
  zookeeper: 2181,
  peers: [2888, 3888],
  master: 5050,
  agent: 5051,
  marathon: 8080,
} as const;

/** Where Docker answers inside of an agent. */
const socket = '/var/run/docker.sock';

/** The containers of a cluster, those that others need first. */
export function layout(cluster: Cluster): Part[] {
  const controllers = cluster.hosts.filter(({ roles }) => roles.includes(controller));
  const servers = zookeeperServers(cluster);
  const scheme = (path: string) => `zk://${servers}${path}`;
  const part = (host: Host, kind: Kind, more: Partial<Part> & Pick<Part, 'command'>): Part => ({
    host,
    kind,
    // Not `mesos-…`: containers of such names an agent takes for its own tasks (docker.cpp, DOCKER_NAME_PREFIX).
    name: `kollage-${cluster.name}-${host.name}-${kind}`,
    image: cluster.images[kind],
    entrypoint: null,
    env: {},
    volume: null,
    binds: [],
    hosts: [],
    hostPid: false,
    ...more,
  });
  const known = cluster.hosts
    .filter(({ name, address }) => name !== address && name !== 'localhost')
    .map(({ name, address }) => `${name}:${address}`);
  const peers = controllers.map(
    ({ address }, at) => `server.${at + 1}=${address}:${ports.peers[0]}:${ports.peers[1]}`,
  );
  return [
    ...controllers.map((host, at) =>
      part(host, 'zookeeper', {
        entrypoint: ['dumb-init', '--', 'zookeeper-server'],
        command: [
          String(at + 1),
          `clientPort=${ports.zookeeper}`,
          `clientPortAddress=${host.address}`,
          ...(peers.length > 1 ? peers : []),
        ],
        volume: '/var/lib/zookeeper',
      }),
    ),
    ...controllers.map((host) =>
      part(host, 'master', {
        entrypoint: ['mesos-master'],
        command: [
          `--zk=${scheme('/mesos')}`,
          `--quorum=${Math.floor(controllers.length / 2) + 1}`,
          '--work_dir=/var/lib/mesos/master',
          `--hostname=${host.address}`,
          `--ip=${host.address}`,
          `--port=${ports.master}`,
          `--cluster=${cluster.name}`,
        ],
        volume: '/var/lib/mesos/master',
        hosts: known,
      }),
    ),
    ...cluster.hosts.map((host) =>
      part(host, 'agent', {
        entrypoint: ['mesos-agent'],
        command: [
          `--master=${scheme('/mesos')}`,
          `--attributes=${rolesAttribute}:${host.roles.join('/')}`,
          '--containerizers=docker,mesos',
          // Tasks are containers beside it, which mount what lies in this folder: it must have the same name in here as on the host.
          `--work_dir=${atVolume}`,
          // Kollage placed the node by this name.
          `--hostname=${host.name}`,
          `--ip=${host.address}`,
          `--port=${ports.agent}`,
          `--resources=ports:${offered(host)}`,
          `--docker_socket=${socket}`,
          // Executors are containers too, so that tasks live on while the agent is started anew.
          `--docker_mesos_image=${cluster.images.agent}`,
          '--executor_registration_timeout=10mins',
          '--launcher=posix',
          '--no-systemd_enable_support',
        ],
        volume: atVolume,
        binds: [`${socketOf(host)}:${socket}`, '/sys/fs/cgroup:/sys/fs/cgroup'],
        hostPid: true,
      }),
    ),
    ...controllers.map((host) =>
      part(host, 'marathon', {
        command: [
          '--master',
          scheme('/mesos'),
          '--zk',
          scheme('/marathon'),
          '--hostname',
          host.address,
          '--http_address',
          host.address,
          '--http_port',
          String(ports.marathon),
          // As long as an agent waits for an executor, which first pulls its image.
          '--task_launch_timeout',
          '600000',
          '--enable_features',
          'external_volumes',
        ],
        env: { LIBPROCESS_IP: host.address },
        hosts: known,
      }),
    ),
  ];
}

/** `a:2181,b:2181` */
export function zookeeperServers({ hosts }: Pick<Cluster, 'hosts'>): string {
  return hosts
    .filter(({ roles }) => roles.includes(controller))
    .map(({ address }) => `${address}:${ports.zookeeper}`)
    .join(',');
}

/**
 * Ports that an agent offers. By itself Mesos offers 31000 to 32000 alone, and services have well-known ones; those above are the kernel's, for connections that go
 * out. The cluster's own are left out.
 */
function offered({ roles }: Host): string {
  const own = [
    ...(roles.includes(controller) ? [ports.zookeeper, ...ports.peers, ports.master, ports.marathon] : []),
    ports.agent,
  ].sort((a, b) => a - b);
  const begins = [1, ...own.map((port) => port + 1)];
  const ends = [...own.map((port) => port - 1), 32_767];
  const ranges = begins.flatMap((begin, at) => (begin <= (ends[at] ?? 0) ? [`${begin}-${ends[at]}`] : []));
  return `[${ranges.join(',')}]`;
}

function socketOf({ docker }: Host): string {
  return docker?.startsWith('unix://') ? docker.slice('unix://'.length) : socket;
}
