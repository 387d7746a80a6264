/** What fails, by where in a change it does. */
export type Phase = 'image' | 'config' | 'expand' | 'migrate' | 'contract' | 'health';

/** A component of a service, and how a change of it is made to fail by what really happens to operators. */
export interface Subject {
  readonly service: string;
  readonly component: string;
  /** The image that is broken, and the program in it that ends at once. */
  readonly image: string;
  readonly program: string;
  /** What a person writes that its process refuses: an override, or options of the service. */
  readonly config: { readonly file: string; readonly text: string } | { readonly options: string };
  /** What its process does where it runs and is not healthy: it never answers, or it is a web server that knows of nothing. */
  readonly unhealthy: 'never' | 'wrong';
  /** Tasks that fail when they have changed the schema. */
  readonly migrations: Readonly<Partial<Record<Phase, string>>>;
}

const schema = { expand: 'db-sync', contract: 'db-contract' } as const;
const uwsgi = '/usr/local/bin/uwsgi';
const noBroker = '[DEFAULT]\ntransport_url = nonsense://nowhere\n';

/** Every service of an all-in-one; of Nova libvirt too. */
export const subjects: Readonly<Record<string, Subject>> = {
  mariadb: {
    service: 'mariadb',
    component: 'server',
    image: 'mariadb-server',
    program: '/usr/local/bin/mariadbd',
    config: { file: 'mariadb/galera.cnf', text: '[mariadbd]\nno_such_option = 1\n' },
    unhealthy: 'never',
    migrations: { migrate: 'upgrade' },
  },
  rabbitmq: {
    service: 'rabbitmq',
    component: 'server',
    image: 'rabbitmq',
    program: '/usr/lib/rabbitmq/bin/rabbitmq-server',
    config: { file: 'rabbitmq/rabbitmq.conf', text: 'no_such.key = 1\n' },
    unhealthy: 'wrong',
    migrations: {},
  },
  memcached: {
    service: 'memcached',
    component: 'server',
    image: 'memcached',
    program: '/usr/local/bin/memcached',
    config: { options: 'connection_limit: 2000000000' },
    unhealthy: 'wrong',
    migrations: {},
  },
  keystone: {
    service: 'keystone',
    component: 'api',
    image: 'keystone',
    program: uwsgi,
    config: { file: 'keystone.conf', text: '[token]\nprovider = nonsense\n' },
    unhealthy: 'wrong',
    migrations: schema,
  },
  glance: {
    service: 'glance',
    component: 'api',
    image: 'glance-api',
    program: '/usr/local/bin/glance-api',
    config: { file: 'glance.conf', text: '[DEFAULT]\nbind_port = many\n' },
    unhealthy: 'never',
    migrations: schema,
  },
  placement: {
    service: 'placement',
    component: 'api',
    image: 'placement-api',
    program: uwsgi,
    config: { file: 'placement.conf', text: '[placement_database]\nconnection = nonsense\n' },
    unhealthy: 'never',
    migrations: schema,
  },
  nova: {
    service: 'nova',
    component: 'conductor',
    // The image of its schema's tasks too.
    image: 'nova-api',
    program: uwsgi,
    config: { file: 'nova.conf', text: noBroker },
    unhealthy: 'never',
    migrations: schema,
  },
  libvirt: {
    service: 'nova',
    component: 'libvirt',
    image: 'nova-libvirt',
    program: '/usr/sbin/libvirtd',
    config: { file: 'nova/libvirtd.conf', text: 'log_level = "much"\n' },
    unhealthy: 'never',
    migrations: {},
  },
  openvswitch: {
    service: 'openvswitch',
    component: 'vswitchd',
    image: 'openvswitch-vswitchd',
    program: '/usr/local/bin/ovs-vswitchd',
    config: { options: 'external_bridge: "br-ex)"' },
    unhealthy: 'never',
    migrations: {},
  },
  neutron: {
    service: 'neutron',
    component: 'server',
    image: 'neutron-server',
    program: '/usr/local/bin/neutron-server',
    config: { file: 'neutron.conf', text: '[DEFAULT]\ncore_plugin = nonsense\n' },
    unhealthy: 'never',
    migrations: schema,
  },
  heat: {
    service: 'heat',
    component: 'engine',
    image: 'heat-engine',
    program: '/usr/local/bin/heat-engine',
    config: { file: 'heat.conf', text: noBroker },
    unhealthy: 'never',
    migrations: { expand: 'db-sync' },
  },
  horizon: {
    service: 'horizon',
    component: 'dashboard',
    image: 'horizon',
    program: uwsgi,
    // An error in its settings proper it would only log.
    config: { file: 'horizon/horizon-uwsgi.ini', text: '[uwsgi]\nwsgi-file = /no/such/file\n' },
    unhealthy: 'wrong',
    migrations: {},
  },
};

export function phasesOf({ migrations }: Subject): Phase[] {
  const all: Phase[] = ['image', 'config', 'expand', 'migrate', 'contract', 'health'];
  return all.filter((phase) => phase in migrations || ['image', 'config', 'health'].includes(phase));
}
