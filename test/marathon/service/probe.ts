import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect } from 'node:net';
import type { App } from './apps.ts';
import type { TaskEntry } from './instances.ts';

export type HealthCheck = App['healthChecks'][number];

/** Null where it is well, undefined where the answer says nothing, else what is wrong (mesosphere/marathon, core/health/impl/HealthCheckWorker.scala). */
export async function probe(check: HealthCheck, task: TaskEntry): Promise<string | null | undefined> {
  const host = task.agent.address;
  const port = check.port ?? task.ports[check.portIndex ?? 0];
  if (port === undefined) return "Health check failed: unable to get the task's effectivePort";
  // An agent that was lost cannot be reached by anybody.
  if (!task.agent.reachable) return `Connection to ${host}:${port} timed out`;
  const timeout = (check.timeoutSeconds ?? 20) * 1000;
  return check.protocol === 'TCP' ? tcp(host, port, timeout) : http(check, host, port, timeout);
}

async function tcp(host: string, port: number, timeout: number): Promise<string | null> {
  const socket = connect({ host, port });
  const timer = setTimeout(() => socket.destroy(new Error('connect timed out')), timeout);
  try {
    await once(socket, 'connect');
    return null;
  } catch (error) {
    return error instanceof Error ? `ConnectException: ${error.message}` : String(error);
  } finally {
    clearTimeout(timer);
    socket.destroy();
  }
}

/** Redirects are not followed, whose certificate it is does not matter, and what it says is not read. */
async function http(
  { protocol, path = '/', ignoreHttp1xx = false }: HealthCheck,
  host: string,
  port: number,
  timeout: number,
): Promise<string | null | undefined> {
  const options = { host, port, path: path.startsWith('/') ? path : `/${path}`, agent: false as const };
  const asked =
    protocol === 'HTTPS' ? httpsRequest({ ...options, rejectUnauthorized: false }) : httpRequest(options);
  const timer = setTimeout(() => asked.destroy(new Error('Response timed out')), timeout);
  const { promise, resolve } = Promise.withResolvers<string | null | undefined>();
  asked.on('response', (response) => {
    response.resume();
    const status = response.statusCode ?? 0;
    if (status >= 200 && status < 400) resolve(null);
    else if (ignoreHttp1xx && status >= 100 && status < 200) resolve(undefined);
    else resolve(`${status} ${response.statusMessage ?? ''}`.trim());
  });
  asked.on('error', (error) => resolve(error.message));
  asked.end();
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    asked.destroy();
  }
}
