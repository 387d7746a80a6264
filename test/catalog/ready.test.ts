import { describe, expect, test } from 'vitest';
import { compile } from '../../src/compile/compile.ts';
import { Jinja } from '../../src/config/jinja.ts';
import { engineTraits } from '../../src/engines/traits.ts';
import type { Workload } from '../../src/model/resource.ts';
import { everything } from './everything.ts';

/*
 * What the catalog takes for ready, over answers of the real APIs (those of a running 2025.1, shortened), of a platform that is well and of one
 * that is not.
 */

const jinja = new Jinja({ templates: new Map(), globals: {} });
const nova = (more: object) => ({
  host: 'n1',
  status: 'enabled',
  state: 'up',
  // Nothing was heard yet of one that is new.
  updated_at: null,
  disabled_reason: null,
  ...more,
});
/** When the process that is asked for began, and times as the databases keep them: before, and at once. */
const since = '2026-11-25T10:00:00.700Z';
const [before, atOnce] = ['2026-11-25 09:59:59', '2026-11-25 10:00:00'];
const alive = (binary: string, more: object = {}) => ({
  binary,
  host: 'n1',
  alive: true,
  heartbeat_timestamp: atOnce,
  ...more,
});
/** Each engine that ever ran has a row of its own. */
const heat = (created_at: string) => ({ binary: 'heat-engine', host: 'n1', status: 'up', created_at });

const answers = {
  '/v2.1/os-services': {
    services: [
      nova({ binary: 'nova-scheduler' }),
      nova({ binary: 'nova-conductor' }),
      nova({ binary: 'nova-compute' }),
    ],
  },
  '/v2.1/os-hypervisors/detail': { hypervisors: [{ state: 'up', service: { host: 'n1', id: 3 } }] },
  '/v2.0/agents': {
    agents: ['openvswitch', 'dhcp', 'l3', 'metadata'].map((name) => alive(`neutron-${name}-agent`)),
  },
  '/v1/{project}/services': { services: [heat(before), heat(atOnce)] },
  '/v3/{project}/os-services': {
    services: [
      nova({ binary: 'cinder-scheduler' }),
      nova({ binary: 'cinder-volume', host: 'n1@lvm' }),
      nova({ binary: 'cinder-volume', host: 'n1@nfs' }),
    ],
  },
};

/** The complaints about a workload on the node n1, where some answers are others. */
function complaints(workload: Workload, others: Readonly<Record<string, unknown>> = {}): (string | null)[] {
  return workload.ready.flatMap(({ request, that, otherwise }) => {
    if (that === null) return [];
    const path = new URL(request.url).pathname.replaceAll('%7B', '{').replaceAll('%7D', '}');
    const body = { ...answers, ...others }[path];
    if (body === undefined) throw new Error(`there is no answer of ${path}`);
    const seen = { body, status: 200, headers: {}, node: 'n1', since };
    return jinja.test(that, { file: workload.id }, seen) ? [] : [otherwise];
  });
}

describe.each(['2025.1', '2026.2', 'zed'])('release %s', (release) => {
  const { catalog, deployment } = everything(release);
  const set = new Map([['neutron.l3', { value: true, place: { file: 'test' } }]]);
  const { desired } = compile({
    catalog,
    deployment: { ...deployment, options: set },
    engine: engineTraits.docker,
  });
  const workloads = new Map(
    desired.resources.flatMap((resource) =>
      resource.kind === 'workload' ? [[resource.id, resource] as const] : [],
    ),
  );
  const of = (id: string) => {
    const workload = workloads.get(id);
    if (!workload) throw new Error(`there is no ${id}`);
    return workload;
  };

  test('on a platform that is well, nothing is complained about', () => {
    for (const workload of workloads.values())
      expect([workload.id, ...complaints(workload)]).toEqual([workload.id]);
  });

  const silent = 'Nova does not call compute on {node} up, or has not heard of it since it began';
  const services = '/v2.1/os-services';
  const hypervisors = '/v2.1/os-hypervisors/detail';
  const agents = '/v2.0/agents';
  const compute = (more: object) => ({
    [services]: { services: [nova({ binary: 'nova-compute', ...more })] },
  });

  test.each([
    [
      'nova/conductor',
      { [services]: { services: [] } },
      ['Nova calls no conductor up, or has not heard of it since this one began'],
    ],
    [
      'nova/scheduler',
      compute({}),
      ['Nova calls no scheduler up, or has not heard of it since this one began'],
    ],
    ['nova/compute', compute({ state: 'down' }), [silent]],
    ['nova/compute', compute({ host: 'n2' }), [silent]],
    ['nova/compute', compute({ updated_at: before }), [silent]],
    ['nova/compute', compute({ updated_at: atOnce }), []],
    [
      'neutron/openvswitch-agent',
      { [agents]: { agents: [alive('neutron-openvswitch-agent', { heartbeat_timestamp: before })] } },
      ['Neutron does not call the openvswitch-agent on {node} alive, or has not heard of it since it began'],
    ],
    [
      'heat/engine',
      { '/v1/{project}/services': { services: [heat(before)] } },
      ['Heat calls no engine up that began with this one'],
    ],
    [
      'nova/compute',
      compute({ status: 'disabled', disabled_reason: 'AUTO: Connection to libvirt lost: 1' }),
      ['Nova has disabled compute on {node} by itself'],
    ],
    ['nova/compute', compute({ status: 'disabled', disabled_reason: 'new disks' }), []],
    [
      'nova/compute',
      { [hypervisors]: { hypervisors: [{ state: 'up', service: { host: 'n2' } }] } },
      ['Nova has not yet mapped {node} to its cell'],
    ],
    [
      'neutron/dhcp-agent',
      { [agents]: { agents: [alive('neutron-dhcp-agent', { alive: false })] } },
      ['Neutron does not call the dhcp-agent on {node} alive, or has not heard of it since it began'],
    ],
    [
      'neutron/metadata-agent',
      {
        [agents]: { agents: [alive('neutron-dhcp-agent'), alive('neutron-metadata-agent', { host: 'n2' })] },
      },
      ['Neutron does not call the metadata-agent on {node} alive, or has not heard of it since it began'],
    ],
    [
      'heat/engine',
      { '/v1/{project}/services': { services: [{ ...heat(atOnce), status: 'down' }] } },
      ['Heat calls no engine up that began with this one'],
    ],
    [
      'cinder/volume',
      {
        '/v3/{project}/os-services': {
          services: [
            nova({ binary: 'cinder-volume', host: 'n1@lvm' }),
            nova({ binary: 'cinder-volume', host: 'n1@nfs', state: 'down' }),
          ],
        },
      },
      ['Cinder does not call all backends of {node} up'],
    ],
  ])('%s, where %j', (id, others, expected) => {
    expect(complaints(of(id), others)).toEqual(expected);
  });

  test('every API is asked as a user who has logged in', () => {
    const apis = ['keystone', 'glance', 'placement', 'nova', 'heat', 'cinder'].map((name) => `${name}/api`);
    for (const id of [...apis, 'neutron/server'])
      expect([id, of(id).ready.map(({ login }) => login)]).toEqual([id, ['admin']]);
  });
});
