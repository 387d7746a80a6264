import { request } from '../../src/engines/kubernetes/reach.ts';
import type { TestCluster } from '../cluster/cluster.ts';
import type { Send } from './cloud.ts';

/** The Services behind the ports of APIs. */
const services: Readonly<Record<string, string>> = {
  5000: 'keystone-api',
  9292: 'glance-api',
  8778: 'placement-api',
  8774: 'nova-api',
  9696: 'neutron-server',
  8004: 'heat-api',
};

/** How a user reaches a cloud in a namespace: through the API server, since the names of Services lead nowhere from here. */
export function inCluster({ client }: TestCluster, namespace: string, patience = 60_000): Send {
  return async (url, { body = null, ...options }) => {
    const { port, pathname, search } = new URL(url);
    const inside = `http://${services[port]}.${namespace}.svc:${port}${pathname}${search}`;
    const signal = AbortSignal.timeout(patience);
    const { status, headers, text } = await request(client, inside, { ...options, body, signal });
    return new Response(status === 204 ? null : text, { status, headers });
  };
}
