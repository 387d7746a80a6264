import { beforeAll, expect, test } from 'vitest';
import { buildAll, inImage, release } from './kollage.ts';

beforeAll(buildAll, 1_800_000);

// Every image's programs start: their libraries and modules are there, although much was left out.

test.each([
  [
    'cinder-api',
    'cinder',
    'cinder-manage --version && cinder-scheduler --version && test -e /usr/bin/cinder-wsgi',
  ],
  [
    'cinder-volume',
    'cinder',
    'cinder-volume --version && python3 -c "import rbd" && which lvm mount.nfs tgtadm iscsiadm',
  ],
  [
    'glance-api',
    'glance',
    'glance-manage --version && qemu-img --version && test -e /usr/bin/glance-wsgi-api',
  ],
  ['glance-api', 'glance', `python3 -c "import rbd, boto3; boto3.client('s3', region_name='us-east-1')"`],
  ['haproxy', 'root', 'haproxy -v'],
  ['heat-engine', 'heat', 'heat-engine --version && heat-manage --version && test -e /usr/bin/heat-wsgi-api'],
  ['horizon', 'horizon', 'cd /usr/share/openstack-dashboard && python3 manage.py check'],
  ['keepalived', 'root', 'keepalived -v'],
  ['keystone', 'keystone', 'keystone-manage --version && test -e /usr/bin/keystone-wsgi-public'],
  ['magnum-api', 'magnum', 'magnum-conductor --version && test -e /usr/bin/magnum-api-wsgi'],
  [
    'mariadb-server',
    'mysql',
    'mariadbd --version && mariadb-backup --version && test -z "$(ls -A /var/lib/mysql)"',
  ],
  ['memcached', 'memcached', 'memcached --version'],
  ['neutron-server', 'neutron', 'neutron-rpc-server --version && test -e /usr/bin/neutron-api'],
  [
    'neutron-l3-agent',
    'neutron',
    'neutron-l3-agent --version && keepalived -v && which conntrack ipset radvd arping',
  ],
  [
    'neutron-dhcp-agent',
    'neutron',
    'neutron-dhcp-agent --version && dnsmasq --version && which dhcp_release',
  ],
  ['neutron-openvswitch-agent', 'neutron', 'neutron-openvswitch-agent --version && ovs-vsctl --version'],
  ['neutron-metadata-agent', 'neutron', 'neutron-metadata-agent --version && haproxy -v'],
  [
    'nova-api',
    'nova',
    'nova-manage --version && test -e /usr/bin/nova-api-wsgi -a -e /usr/bin/nova-metadata-wsgi',
  ],
  [
    'nova-compute',
    'nova',
    'nova-compute --version && test -w /var/lib/nova/instances && python3 -c "import libvirt, rbd"',
  ],
  ['nova-conductor', 'nova', 'nova-conductor --version && nova-scheduler --version'],
  ['nova-novncproxy', 'nova', 'nova-novncproxy --version && test -e /usr/share/novnc/vnc.html'],
  ['nova-libvirt', 'root', 'libvirtd --version && virsh --version && qemu-system-x86_64 --version'],
  ['openvswitch-db-server', 'root', 'ovsdb-server --version && ovs-vsctl --version'],
  ['openvswitch-vswitchd', 'root', 'ovs-vswitchd --version'],
  ['placement-api', 'placement', 'placement-manage --version && test -e /usr/bin/placement-api'],
  ['rabbitmq', 'rabbitmq', 'which rabbitmq-server kolla_rabbitmq_server && erl -noshell -eval "halt()."'],
  ['toolbox', 'kolla', 'openstack --version && mariadb --version && curl --version'],
  ['zookeeper', 'zookeeper', 'java -version && which zookeeper-server && test -w /var/lib/zookeeper'],
] as const)('%s runs as %s: %s', async (image, user, command) => {
  const { status, output } = await inImage(
    `kollage/${image}:${release}`,
    `id -un && test -w /tmp && ${command}`,
  );
  expect({ status, output }).toEqual({ status: 0, output: expect.stringMatching(new RegExp(`^${user}\n`)) });
});

test('users have the numbers that Kolla gave them', async () => {
  const { output } = await inImage(
    `kollage/nova-api:${release}`,
    'id nova; id neutron; stat -c %u /var/lib/nova',
  );
  expect(output).toBe(
    'uid=42436(nova) gid=42436(nova) groups=42436(nova),42400(kolla)\nuid=42435(neutron) gid=42435(neutron) groups=42435(neutron)\n42436\n',
  );
});

test('a service user puts its configuration into place as root, and may do nothing else as root', async () => {
  const { status, output } = await inImage(
    `kollage/keystone:${release}`,
    'sudo -n kolla_set_configs; sudo -n id; test ! -e /usr/bin/gcc -a ! -e /usr/bin/ld',
  );
  expect({ status, output }).toEqual({ status: 0, output: expect.stringContaining('config.json') });
  expect(output).toMatch(/a password is required|not allowed/);
  expect(output).not.toContain('uid=0');
});

test('Python is byte-compiled', async () => {
  const { output } = await inImage(
    `kollage/nova-api:${release}`,
    'cd /usr/lib/python3/dist-packages && find nova oslo_* -name "*.py" | wc -l; find nova oslo_* -name "*.pyc" | wc -l',
  );
  const [sources = 0, compiled = 1] = output.trim().split('\n').map(Number);
  expect(compiled).toBeGreaterThanOrEqual(sources);
});
