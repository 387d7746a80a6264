import { text as read } from 'node:stream/consumers';
import type { KubernetesClient } from '../../kubernetes/client.ts';
import type { Answer, Whole } from '../engine.ts';

type Options = Omit<Parameters<Whole['request']>[1], 'body'> & {
  readonly body: string | Uint8Array<ArrayBuffer> | null;
};

/** Headers that are between us and the API server. */
const own = new Set(['host', 'connection', 'content-length', 'authorization']);

/**
 * Makes a request to a Service's own address through the API server, which is on both sides: from here a name such as keystone-api.mycloud.svc leads
 * nowhere (kubernetes.io/docs/tasks/access-application-cluster/access-cluster-services). Other addresses are asked directly.
 */
export async function request(client: KubernetesClient, url: string, options: Options): Promise<Answer> {
  const { hostname, port, protocol, pathname, search } = new URL(url);
  const [service, namespace, svc] = hostname.split('.');
  if (service === undefined || namespace === undefined || svc !== 'svc') return direct(url, options);
  const scheme = protocol.replace(':', '');
  const number = port === '' ? (scheme === 'https' ? 443 : 80) : Number(port);
  const path = `/api/v1/namespaces/${namespace}/services/${scheme}:${service}:${number}/proxy${pathname}`;
  const answer = await client.transport.proxy({
    method: options.method,
    path: `${path}${search}`,
    headers: Object.fromEntries(
      Object.entries(options.headers).filter(([name]) => !own.has(name.toLowerCase())),
    ),
    body: options.body,
    signal: options.signal,
  });
  const headers = Object.fromEntries(
    Object.entries(answer.headers).flatMap(([name, value]) =>
      typeof value === 'string' ? [[name, value] as const] : [],
    ),
  );
  return { status: answer.statusCode ?? 0, headers, text: await read(answer) };
}

async function direct(url: string, { method, headers, body, signal }: Options): Promise<Answer> {
  const response = await fetch(url, { method, headers, body, redirect: 'manual', signal });
  return {
    status: response.status,
    headers: Object.fromEntries(response.headers),
    text: await response.text(),
  };
}
