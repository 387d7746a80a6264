import { describe, expect, test } from 'vitest';
import { merge, overridePaths } from './overrides.ts';

const at = (
  service: string,
  component: string | null,
  file: string,
  more: { main?: boolean; unique?: boolean } = {},
) =>
  overridePaths({
    service,
    component,
    file,
    main: false,
    catalogOverrides: ['global.conf'],
    host: 'HOST',
    ...more,
  });

/** What kolla-ansible's roles merge, in their order (tasks/config.yml of each role, 2026). Ours may know more, never less. */
describe("paths of kolla-ansible's roles", () => {
  const main = { main: true };
  const unique = { unique: true };
  test.each([
    [
      'keystone',
      'keystone',
      'keystone.conf',
      main,
      'global.conf keystone.conf keystone/keystone.conf keystone/HOST/keystone.conf',
    ],
    [
      'glance',
      'api',
      'glance-api.conf',
      main,
      'global.conf glance.conf glance/glance-api.conf glance/HOST/glance-api.conf',
    ],
    ['nova', 'api', 'nova.conf', main, 'global.conf nova.conf nova/nova-api.conf nova/HOST/nova.conf'],
    [
      'nova',
      'compute',
      'nova.conf',
      main,
      'global.conf nova.conf nova/nova-compute.conf nova/HOST/nova.conf nova/HOST/nova-compute.conf',
    ],
    [
      'neutron',
      'server',
      'neutron.conf',
      main,
      'global.conf neutron.conf neutron/neutron-server.conf neutron/HOST/neutron.conf',
    ],
    [
      'cinder',
      'volume',
      'cinder.conf',
      main,
      'global.conf cinder.conf cinder/cinder-volume.conf cinder/HOST/cinder.conf',
    ],
    ['heat', 'engine', 'heat.conf', main, 'global.conf heat.conf heat/heat-engine.conf heat/HOST/heat.conf'],
    [
      'placement',
      'api',
      'placement.conf',
      main,
      'global.conf placement.conf placement/placement-api.conf placement/HOST/placement.conf',
    ],
    ['neutron', 'server', 'ml2_conf.ini', {}, 'neutron/ml2_conf.ini neutron/HOST/ml2_conf.ini'],
    [
      'neutron',
      'openvswitch-agent',
      'openvswitch_agent.ini',
      {},
      'neutron/openvswitch_agent.ini neutron/HOST/openvswitch_agent.ini',
    ],
    ['neutron', 'metadata-agent', 'metadata_agent.ini', {}, 'neutron/metadata_agent.ini'],
    ['neutron', 'dhcp-agent', 'dnsmasq.conf', {}, 'neutron/dnsmasq.conf neutron/HOST/dnsmasq.conf'],
    [
      'glance',
      'api',
      'glance-cache.conf',
      unique,
      'glance-cache.conf glance/glance-cache.conf glance/HOST/glance-cache.conf',
    ],
    ['mariadb', 'server', 'galera.cnf', unique, 'galera.cnf mariadb/HOST/galera.cnf'],
    ['cinder', 'volume', 'ceph.conf', {}, 'cinder/ceph.conf cinder/cinder-volume/ceph.conf'],
    ['nova', 'libvirt', 'qemu.conf', {}, 'nova/qemu.conf.j2 nova/HOST/qemu.conf.j2'],
    [
      'nova',
      'libvirt',
      'servercert.pem',
      {},
      'nova/nova-libvirt/servercert.pem nova/nova-libvirt/HOST/servercert.pem',
    ],
    [
      'horizon',
      'horizon',
      '_9999-custom-settings.py',
      {},
      'horizon/_9999-custom-settings.py horizon/HOST/_9999-custom-settings.py',
    ],
    ['rabbitmq', 'server', 'rabbitmq.conf', {}, 'rabbitmq/rabbitmq.conf rabbitmq/HOST/rabbitmq.conf'],
    [
      'rabbitmq',
      'server',
      'definitions.json',
      {},
      'rabbitmq/definitions.json rabbitmq/HOST/definitions.json',
    ],
    ['keystone', 'keystone', 'policy.yaml', {}, 'keystone/policy.json keystone/policy.yaml'],
    [
      'keystone',
      'keystone',
      'wsgi-keystone.conf',
      {},
      'keystone/wsgi-keystone.conf keystone/HOST/wsgi-keystone.conf',
    ],
    [
      'opensearch',
      'opensearch',
      'opensearch.yml',
      unique,
      'opensearch.yml opensearch/opensearch.yml opensearch/HOST/opensearch.yml',
    ],
  ])('%s/%s %s', (service, component, file, more, kolla) => {
    const ours = at(service, component, file, more);
    const theirs = kolla.split(' ');
    expect(ours.filter((path) => theirs.includes(path))).toEqual(theirs);
    expect(new Set(ours).size).toBe(ours.length);
  });

  test('all of them, in order', () => {
    expect(at('nova', 'compute', 'nova.conf', { main: true })).toEqual([
      'global.conf',
      'nova.conf',
      'nova/nova.conf',
      'nova/nova-compute.conf',
      'nova/HOST/nova.conf',
      'nova/HOST/nova-compute.conf',
    ]);
    expect(at('nova', null, 'nova.conf', { main: true })).toEqual([
      'global.conf',
      'nova.conf',
      'nova/nova.conf',
      'nova/HOST/nova.conf',
    ]);
    expect(
      overridePaths({
        service: 'shop',
        component: 'web',
        file: 'web.ini',
        main: false,
        catalogOverrides: [],
      }),
    ).toEqual(['shop/web.ini', 'shop/web.ini.j2', 'shop/shop-web/web.ini', 'shop/shop-web/web.ini.j2']);
  });

  test('a name that several services use is not read from the top', () => {
    expect(at('nova', 'api', 'policy.yaml')).not.toContain('policy.yaml');
    expect(at('nova', 'api', 'ml2_conf.ini')).not.toContain('global.conf');
  });
});

describe('merging', () => {
  const layers = (...texts: string[]) => texts.map((text, index) => ({ text, file: `${index}` }));

  test.each(['ini', 'yaml', 'json', 'text'] as const)('%s: nothing, and one layer', (format) => {
    expect(merge(format, [])).toBe('');
    expect(merge(format, layers(''))).toBe('');
  });

  test('of a text the last is taken whole', () => {
    expect(merge('text', layers('a', ' b\n'))).toBe(' b\n');
  });

  test('ini and yaml', () => {
    expect(merge('ini', layers('[a]\nx = 1', '[a]\ny = @{secret.z|urlencode}'))).toBe(
      '[a]\nx = 1\ny = @{secret.z|urlencode}\n',
    );
    expect(merge('yaml', layers('a: 1', 'b: 2'))).toBe('a: 1\nb: 2\n');
    expect(merge('json', layers('{"a": 1}', '{"b": [2]}'))).toBe('{\n  "a": 1,\n  "b": [\n    2\n  ]\n}\n');
  });
});
