import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { compile } from '../../src/compile/compile.ts';
import { parseIni } from '../../src/config/ini.ts';
import { engineTraits } from '../../src/engines/traits.ts';
import type { Desired, Resource } from '../../src/model/resource.ts';
import { fillInstance } from '../../src/model/slots.ts';
import { everything } from './everything.ts';

/*
 * What running a real OpenStack from Debian's packages has taught, held for every release: an option that is missing here costs a
 * minute at each start, or the whole cloud.
 */

const releases = ['2025.1', '2026.2', 'zed'];
/** Virtual machines and networks need the node's own network and devices. */
const able = Object.values(engineTraits).filter(
  ({ can }) => can.includes('hostPid') && can.includes('devices'),
);

function compiled(
  release: string,
  options: Readonly<Record<string, unknown>> = {},
  off: readonly string[] = [],
): Desired {
  const { catalog, deployment } = everything(release);
  const set = Object.entries(options).map(
    ([name, value]) => [name, { value, place: { file: 'test' } }] as const,
  );
  return compile({
    catalog,
    deployment: {
      ...deployment,
      services: deployment.services.filter((name) => !off.includes(name)),
      options: new Map(set),
    },
    engine: engineTraits.docker,
  }).desired;
}

function file(desired: Desired, id: string, name: string): string {
  const bundle = desired.resources.find((resource) => resource.kind === 'config' && resource.id === id);
  const found = bundle?.kind === 'config' ? bundle.files.find((one) => one.name === name) : undefined;
  if (!found) throw new Error(`${id} has no file ${name}`);
  return found.content;
}

/** The values of a key, one text each; none when it is not there. */
function values(desired: Desired, id: string, name: string, section: string, key: string): string[] {
  const found =
    parseIni(file(desired, id, name), name)
      .get(section)
      ?.get(key) ?? [];
  return found.map((lines) => lines.join('\n'));
}

function all<K extends Resource['kind']>(desired: Desired, kind: K): Extract<Resource, { kind: K }>[] {
  return desired.resources.filter((r): r is Extract<Resource, { kind: K }> => r.kind === kind);
}

describe.each(releases)('release %s', (release) => {
  const desired = compiled(release);
  const direct = compiled(release, {}, ['haproxy']);

  test.each(able)('all services compile for $name', (engine) => {
    const { catalog, deployment } = everything(release);
    const { desired: made, findings } = compile({ catalog, deployment, engine });
    expect(findings).toEqual([]);
    expect(all(made, 'workload').length).toBeGreaterThanOrEqual(27);
  });

  test('every component says what proves it healthy, what memory it takes and how long it may take to stop', () => {
    for (const { id, health, resources, stop } of all(desired, 'workload')) {
      expect([id, health === null]).toEqual([id, false]);
      expect([id, resources.memory]).toEqual([id, expect.any(Number)]);
      expect([id, stop.grace >= 10]).toEqual([id, true]);
    }
  });

  test('nothing is privileged that need not be: only what runs virtual machines, networks and disks', () => {
    const privileged = all(desired, 'workload')
      .filter(({ privileges: p }) => p.hostNetwork || p.hostPid || p.capabilities.length > 0)
      .map(({ id }) => id);
    expect(privileged.sort()).toEqual([
      'cinder/tgtd',
      'cinder/volume',
      'neutron/dhcp-agent',
      'neutron/l3-agent',
      'neutron/metadata-agent',
      'neutron/openvswitch-agent',
      'nova/compute',
      'nova/libvirt',
      'openvswitch/vswitchd',
    ]);
    const capabilities = new Set(
      all(desired, 'workload').flatMap(({ privileges }) => privileges.capabilities),
    );
    // Hosts may withhold SYS_RESOURCE, and nothing may load kernel modules.
    expect(capabilities).not.toContain('SYS_RESOURCE');
    expect(capabilities).not.toContain('SYS_MODULE');
  });

  test('no API reaches a file with secrets that others may read', () => {
    for (const { id, files } of all(desired, 'config')) {
      for (const { name, content, mode } of files) {
        if (content.includes('@{secret.')) expect([id, name, mode.slice(2)]).toEqual([id, name, '00']);
      }
    }
  });

  const everywhere = [
    ['DEFAULT', 'use_stderr', 'true'],
    ['oslo_messaging_notifications', 'driver', 'noop'],
  ] as const;
  test.each([
    ['glance/api', 'glance-api.conf', 'glance'],
    ['nova/api', 'nova.conf', 'nova'],
    ['nova/conductor', 'nova.conf', 'nova'],
    ['nova/scheduler', 'nova.conf', 'nova'],
    ['neutron/server', 'neutron.conf', 'neutron'],
    ['cinder/volume', 'cinder.conf', 'cinder'],
    ['heat/engine', 'heat.conf', 'heat'],
  ])('%s logs to its container, tells nobody, and waits for a database that is away', (id, name, service) => {
    for (const [section, key, value] of everywhere)
      expect([section, key, values(desired, id, name, section, key)]).toEqual([section, key, [value]]);
    expect(values(desired, id, name, 'oslo_concurrency', 'lock_path')).toEqual([`/var/lib/${service}/tmp`]);
    expect(values(desired, id, name, 'database', 'connection')).toEqual([
      `mysql+pymysql://${service}:@{secret.${service}_database_password|urlencode}@192.0.2.1:3306/${service}`,
    ]);
    expect(values(desired, id, name, 'database', 'connection_recycle_time')).toEqual(['280']);
    expect(values(desired, id, name, 'database', 'max_pool_size')).toEqual(['5']);
    expect(values(desired, id, name, 'database', 'max_retries')).toEqual(['-1']);
  });

  test.each([
    ['glance/api', 'glance-api.conf'],
    ['placement/api', 'placement.conf'],
    ['nova/api', 'nova.conf'],
    ['neutron/server', 'neutron.conf'],
    ['cinder/api', 'cinder.conf'],
    ['heat/api', 'heat.conf'],
  ])('%s takes tokens of services only from services', (id, name) => {
    const get = (key: string) => values(desired, id, name, 'keystone_authtoken', key);
    expect(get('service_token_roles_required')).toEqual(['true']);
    expect(get('memcached_servers')).toEqual(['192.0.2.1:11211']);
    expect(get('www_authenticate_uri')).toEqual(['http://198.51.100.1:5000']);
    expect(get('auth_url')).toEqual(['http://192.0.2.1:5000']);
    expect(get('project_name')).toEqual(['service']);
  });

  test.each([
    ['mariadb/server', 'galera.cnf', 'mariadbd', 'max_connections', '1000'],
    ['mariadb/server', 'galera.cnf', 'mariadbd', 'innodb_buffer_pool_size', '256M'],
    ['mariadb/server', 'galera.cnf', 'mariadbd', 'innodb_flush_log_at_trx_commit', '1'],
    ['mariadb/server', 'galera.cnf', 'mariadbd', 'bind-address', '192.0.2.1'],
    ['mariadb/server', 'galera.cnf', 'mariadbd', 'loose-innodb-snapshot-isolation', 'OFF'],
    ['rabbitmq/server', 'rabbitmq.conf', '', 'loopback_users', 'none'],
    ['rabbitmq/server', 'rabbitmq.conf', '', 'log.console', 'true'],
    ['rabbitmq/server', 'rabbitmq.conf', '', 'vm_memory_high_watermark.relative', '0.2'],
    ['rabbitmq/server', 'rabbitmq.conf', '', 'load_definitions', '/etc/rabbitmq/definitions.json'],
    ['keystone/api', 'keystone.conf', 'token', 'provider', 'fernet'],
    ['keystone/api', 'keystone.conf', 'cache', 'backend', 'dogpile.cache.memcached'],
    ['glance/api', 'glance-api.conf', 'DEFAULT', 'enabled_backends', 'file:file'],
    ['glance/api', 'glance-api.conf', 'paste_deploy', 'flavor', 'keystone'],
    ['glance/api', 'glance-api.conf', 'glance_store', 'default_backend', 'file'],
    ['glance/api', 'glance-api.conf', 'file', 'filesystem_store_datadir', '/var/lib/glance/images'],
    [
      'glance/api',
      'glance-api.conf',
      'os_glance_staging_store',
      'filesystem_store_datadir',
      '/var/lib/glance/staging',
    ],
    [
      'glance/api',
      'glance-api.conf',
      'os_glance_tasks_store',
      'filesystem_store_datadir',
      '/var/lib/glance/tasks',
    ],
    ['placement/api', 'placement.conf', 'api', 'auth_strategy', 'keystone'],
    ['placement/api', 'placement.conf', 'placement_database', 'max_retries', '-1'],
    ['nova/compute', 'nova.conf', 'DEFAULT', 'my_ip', '192.0.2.1'],
    ['nova/compute', 'nova.conf', 'DEFAULT', 'state_path', '/var/lib/nova'],
    ['nova/compute', 'nova.conf', 'DEFAULT', 'instances_path', '/var/lib/nova/instances'],
    ['nova/compute', 'nova.conf', 'DEFAULT', 'compute_driver', 'libvirt.LibvirtDriver'],
    ['nova/compute', 'nova.conf', 'DEFAULT', 'force_raw_images', 'false'],
    ['nova/compute', 'nova.conf', 'DEFAULT', 'rootwrap_config', '/etc/nova/rootwrap.conf'],
    ['nova/compute', 'nova.conf', 'DEFAULT', 'periodic_fuzzy_delay', '0'],
    ['nova/scheduler', 'nova.conf', 'DEFAULT', 'periodic_fuzzy_delay', '0'],
    ['nova/scheduler', 'nova.conf', 'scheduler', 'workers', '1'],
    ['nova/scheduler', 'nova.conf', 'scheduler', 'discover_hosts_in_cells_interval', '2'],
    ['nova/conductor', 'nova.conf', 'conductor', 'workers', '1'],
    ['nova/metadata', 'nova.conf', 'neutron', 'service_metadata_proxy', 'true'],
    ['nova/compute', 'nova.conf', 'service_user', 'send_service_user_token', 'true'],
    ['nova/compute', 'nova.conf', 'glance', 'api_servers', 'http://192.0.2.1:9292'],
    ['nova/compute', 'nova.conf', 'libvirt', 'virt_type', 'qemu'],
    ['nova/compute', 'nova.conf', 'libvirt', 'cpu_mode', 'none'],
    ['nova/compute', 'nova.conf', 'libvirt', 'connection_uri', 'qemu:///system'],
    ['nova/compute', 'nova.conf', 'os_vif_ovs', 'ovsdb_connection', 'unix:/run/openvswitch/db.sock'],
    ['neutron/server', 'neutron.conf', 'DEFAULT', 'core_plugin', 'ml2'],
    ['neutron/server', 'neutron.conf', 'DEFAULT', 'service_plugins', 'router'],
    ['neutron/server', 'neutron.conf', 'DEFAULT', 'rpc_workers', '1'],
    ['neutron/server', 'neutron.conf', 'DEFAULT', 'rpc_state_report_workers', '0'],
    ['neutron/server', 'neutron.conf', 'DEFAULT', 'global_physnet_mtu', '1400'],
    ['neutron/dhcp-agent', 'neutron.conf', 'agent', 'root_helper', 'sudo -E'],
    ['neutron/dhcp-agent', 'neutron.conf', 'agent', 'report_interval', '10'],
    ['neutron/server', 'ml2_conf.ini', 'ml2', 'type_drivers', 'flat,vxlan'],
    ['neutron/server', 'ml2_conf.ini', 'ml2', 'tenant_network_types', 'vxlan'],
    ['neutron/server', 'ml2_conf.ini', 'ml2', 'mechanism_drivers', 'openvswitch'],
    ['neutron/server', 'ml2_conf.ini', 'ml2', 'extension_drivers', 'port_security'],
    ['neutron/server', 'ml2_conf.ini', 'ml2_type_vxlan', 'vni_ranges', '1:1000'],
    ['neutron/openvswitch-agent', 'openvswitch_agent.ini', 'ovs', 'datapath_type', 'netdev'],
    ['neutron/openvswitch-agent', 'openvswitch_agent.ini', 'ovs', 'local_ip', '192.0.2.1'],
    [
      'neutron/openvswitch-agent',
      'openvswitch_agent.ini',
      'ovs',
      'ovsdb_connection',
      'unix:/run/openvswitch/db.sock',
    ],
    ['neutron/openvswitch-agent', 'openvswitch_agent.ini', 'agent', 'tunnel_types', 'vxlan'],
    ['neutron/openvswitch-agent', 'openvswitch_agent.ini', 'securitygroup', 'firewall_driver', 'openvswitch'],
    ['neutron/dhcp-agent', 'dhcp_agent.ini', 'DEFAULT', 'interface_driver', 'openvswitch'],
    ['neutron/dhcp-agent', 'dhcp_agent.ini', 'DEFAULT', 'force_metadata', 'true'],
    ['neutron/dhcp-agent', 'dhcp_agent.ini', 'DEFAULT', 'enable_isolated_metadata', 'true'],
    ['neutron/metadata-agent', 'metadata_agent.ini', 'DEFAULT', 'nova_metadata_host', '192.0.2.1'],
    ['neutron/metadata-agent', 'metadata_agent.ini', 'DEFAULT', 'nova_metadata_port', '8775'],
    ['neutron/metadata-agent', 'metadata_agent.ini', 'DEFAULT', 'metadata_workers', '1'],
    ['heat/engine', 'heat.conf', 'DEFAULT', 'num_engine_workers', '1'],
    ['heat/engine', 'heat.conf', 'DEFAULT', 'stack_user_domain_name', 'heat_user_domain'],
    ['heat/engine', 'heat.conf', 'DEFAULT', 'stack_domain_admin', 'heat_domain_admin'],
    ['heat/engine', 'heat.conf', 'trustee', 'username', 'heat'],
    ['heat/engine', 'heat.conf', 'clients', 'endpoint_type', 'publicURL'],
    ['heat/engine', 'heat.conf', 'clients_keystone', 'auth_uri', 'http://198.51.100.1:5000'],
  ])('%s %s [%s] %s = %s', (id, name, section, key, value) => {
    expect(values(desired, id, name, section, key)).toEqual([value]);
  });

  test('only the conductor and the APIs know the databases; a host for virtual machines does not', () => {
    expect(file(desired, 'nova/compute', 'nova.conf')).not.toContain('mysql');
    expect(file(desired, 'neutron/openvswitch-agent', 'neutron.conf')).not.toContain('mysql');
  });

  test.each([
    ['keystone/api', 'keystone-uwsgi.ini', 5000, '4', 'keystone.wsgi.api', 'keystone-wsgi-public'],
    ['placement/api', 'placement-uwsgi.ini', 8778, '4', 'placement.wsgi.api', 'placement-api'],
    // More threads hung messages: the console log of a guest timed out.
    ['nova/api', 'nova-api-uwsgi.ini', 8774, '1', 'nova.wsgi.osapi_compute', 'nova-api-wsgi'],
    ['nova/metadata', 'nova-metadata-uwsgi.ini', 8775, '1', 'nova.wsgi.metadata', 'nova-metadata-wsgi'],
    ['heat/api', 'heat-api-uwsgi.ini', 8004, '1', 'heat.wsgi.api', 'heat-wsgi-api'],
    ['heat/api-cfn', 'heat-api-cfn-uwsgi.ini', 8000, '1', 'heat.wsgi.cfn', 'heat-wsgi-api-cfn'],
    ['cinder/api', 'cinder-api-uwsgi.ini', 8776, '1', 'cinder.wsgi.api', 'cinder-wsgi'],
  ])('%s is served by uwsgi, with every flag that mattered', (id, name, port, threads, module, script) => {
    const get = (key: string) => values(desired, id, name, 'uwsgi', key);
    const flags: [string, string][] = [
      ['plugin', 'python3'],
      ['master', 'true'],
      ['processes', '1'],
      ['threads', threads],
      ['lazy-apps', 'true'],
      ['die-on-term', 'true'],
      ['enable-threads', 'true'],
      ['thunder-lock', 'true'],
      ['buffer-size', '65535'],
      ['need-app', 'true'],
      ['no-orphans', 'true'],
      ['close-on-exec', 'true'],
      ['hook-master-start', 'unix_signal:15 gracefully_kill_them_all'],
      ['add-header', 'Connection: close'],
      release === 'zed'
        ? ['wsgi-file', `/var/lib/kolla/venv/bin/${script}`]
        : ['module', `${module}:application`],
    ];
    for (const [key, value] of flags) expect([key, get(key)]).toEqual([key, [value]]);
    const workload = all(desired, 'workload').find((one) => one.id === id);
    expect(workload?.command.slice(0, 2)).toEqual(['uwsgi', '--ini']);
    const at = (slot: number) => workload && fillInstance(get('http-socket')[0] ?? '', workload, slot);
    expect([at(1), at(2)]).toEqual([`192.0.2.1:${port + 10_000}`, `192.0.2.1:${port + 10_100}`]);
    expect(values(direct, id, name, 'uwsgi', 'http-socket')).toEqual([`192.0.2.1:${port}`]);
  });

  test('every balanced endpoint is behind HAProxy, in slots that nothing else listens on', () => {
    const fronts = all(desired, 'endpoint').filter(({ balancer }) => balancer === 'haproxy/server');
    expect(fronts.map(({ id }) => id)).toEqual([
      'cinder/api',
      'glance/api',
      'heat/api',
      'heat/cfn',
      'horizon/dashboard',
      'keystone/api',
      'neutron/api',
      'nova/api',
      'nova/metadata',
      'placement/api',
    ]);
    const config = file(desired, 'haproxy/server', 'haproxy.cfg');
    for (const { id, port } of fronts) {
      expect(config).toMatch(new RegExp(`listen ${id.replace('/', '.')}\\n +bind 192.0.2.1:${port}\\n`));
      expect(config).toContain(`server localhost-2 192.0.2.1:${port + 10_100} check`);
    }
    const ports = all(desired, 'workload').flatMap((workload) => workload.ports.map(({ port }) => port));
    expect(ports.filter((port, index) => ports.indexOf(port) !== index)).toEqual([]);
    // From here on the kernel gives ports to connections that go out.
    expect(ports.filter((port) => port >= 32_768 && port < 61_000)).toEqual([]);
    expect(all(direct, 'endpoint').filter(({ balancer }) => balancer !== undefined)).toEqual([]);
  });

  test('the two that take no message before their server listens wait for it', () => {
    const needs = (id: string) =>
      all(desired, 'workload')
        .find((one) => one.id === id)
        ?.needs.flatMap((need) => (need.kind === 'task' ? [need.task] : []));
    expect(needs('nova/compute')).toContain('nova/listening');
    expect(needs('heat/api')).toContain('heat/listening');
    expect(needs('neutron/dhcp-agent')).toContain('neutron/listening');
    expect(JSON.parse(file(desired, 'nova/listening', 'listening.json'))).toMatchObject({
      queue: 'conductor',
    });
    expect(JSON.parse(file(desired, 'heat/listening', 'listening.json'))).toMatchObject({ queue: 'engine' });
  });

  test.each(['glance', 'placement', 'nova', 'neutron', 'cinder', 'heat'])('%s is in Keystone', (service) => {
    const config = z
      .object({
        region: z.string(),
        registrations: z.array(z.looseObject({ user: z.looseObject({ name: z.string() }) })),
      })
      .parse(JSON.parse(file(desired, 'keystone/register', 'register.json')));
    expect(config.region).toBe('RegionOne');
    expect(config.registrations.find(({ user }) => user.name === service)).toMatchObject({
      user: { name: service, password: `@{secret.${service}_keystone_password|json}` },
      services: expect.arrayContaining([
        expect.objectContaining({
          internal: expect.stringMatching(/^http:\/\/192\.0\.2\.1:/),
          public: expect.stringMatching(/^http:\/\/198\.51\.100\.1:/),
        }),
      ]),
    });
  });
});

describe('what differs between releases', () => {
  const commands = (release: string) =>
    new Map(all(compiled(release), 'workload').map(({ id, command }) => [id, command[0]]));

  test('Glance and Neutron have no server of their own any more from 2026.2 on', () => {
    for (const release of ['zed', '2025.1']) {
      const found = commands(release);
      expect(found.get('glance/api')).toBe('glance-api');
      expect(found.get('neutron/server')).toBe('neutron-server');
      expect(found.has('neutron/rpc-server')).toBe(false);
      const desired = compiled(release);
      expect(values(desired, 'glance/api', 'glance-api.conf', 'DEFAULT', 'workers')).toEqual(['1']);
      expect(values(desired, 'neutron/server', 'neutron.conf', 'DEFAULT', 'api_workers')).toEqual(['1']);
    }
    const found = commands('2026.2');
    expect(found.get('glance/api')).toBe('uwsgi');
    expect(found.get('neutron/server')).toBe('uwsgi');
    expect(found.get('neutron/rpc-server')).toBe('neutron-rpc-server');
    expect(found.get('neutron/periodic-workers')).toBe('neutron-periodic-workers');
    const desired = compiled('2026.2', {}, ['haproxy']);
    const socket = (id: string, name: string) => values(desired, id, name, 'uwsgi', 'http-socket');
    expect(socket('glance/api', 'glance-api-uwsgi.ini')).toEqual(['192.0.2.1:9292']);
    expect(socket('neutron/server', 'neutron-server-uwsgi.ini')).toEqual(['192.0.2.1:9696']);
  });

  test('a broker never opens what another version of it has stored', () => {
    const volumes = releases.map((release) => {
      const broker = all(compiled(release), 'workload').find(({ id }) => id === 'rabbitmq/server');
      return broker?.mounts.map(({ source }) => source);
    });
    expect(volumes).toEqual([['rabbitmq/data-4-0'], ['rabbitmq/data-4-3'], ['rabbitmq/data-3-10']]);
  });
});

describe('choices', () => {
  test('virtualisation by the processor is for the operator to ask for', () => {
    const desired = compiled('2025.1', { 'nova.virt_type': 'kvm' });
    const get = (key: string) => values(desired, 'nova/compute', 'nova.conf', 'libvirt', key);
    expect([get('virt_type'), get('cpu_mode')]).toEqual([['kvm'], ['host-model']]);
  });

  test('without a console there is no process for it, and no screen', () => {
    const desired = compiled('2025.1', { 'nova.console': 'none' });
    expect(all(desired, 'workload').map(({ id }) => id)).not.toContain('nova/novncproxy');
    expect(values(desired, 'nova/compute', 'nova.conf', 'vnc', 'enabled')).toEqual(['false']);
  });

  test('routers are one switch', () => {
    const desired = compiled('2025.1', { 'neutron.l3': false });
    expect(all(desired, 'workload').map(({ id }) => id)).not.toContain('neutron/l3-agent');
    expect(values(desired, 'neutron/server', 'neutron.conf', 'DEFAULT', 'service_plugins')).toEqual(['']);
  });

  test('each way to keep volumes adds itself', () => {
    const options = { 'cinder.nfs_shares': ['nas:/volumes'], 'cinder.ceph': true, 'cinder.lvm': false };
    const desired = compiled('2025.1', options);
    expect(values(desired, 'cinder/volume', 'cinder.conf', 'DEFAULT', 'enabled_backends')).toEqual([
      'nfs-1,rbd-1',
    ]);
    expect(file(desired, 'cinder/volume', 'nfs_shares').trim()).toBe('nas:/volumes');
    expect(all(desired, 'workload').map(({ id }) => id)).not.toContain('cinder/tgtd');
  });

  test('pulled images have the names and tags of the registry', () => {
    const { catalog, deployment } = everything('2025.1');
    const image = (registry: string, tag?: string) => {
      const images = { ...deployment.images, registry, ...(tag === undefined ? {} : { tag }) };
      const { desired } = compile({
        catalog,
        deployment: { ...deployment, images },
        engine: engineTraits.docker,
      });
      return all(desired, 'workload').find(({ id }) => id === 'nova/api')?.image;
    };
    expect(image('quay.io/openstack.kolla')).toBe('quay.io/openstack.kolla/nova-api:2025.1-debian-bookworm');
    expect(image('registry.example:4000', 'mine')).toBe(
      'registry.example:4000/openstack.kolla/nova-api:mine',
    );
  });
});
