import { connect, type Socket } from 'node:net';
import type { Probe } from '../model/resource.ts';
import { why } from './why.ts';

/** Runs a command inside the instance that is probed; gives its exit code. */
export type RunInside = (command: readonly string[]) => Promise<number>;

/**
 * Asks once whether something answers as it should, as the start program asks (images/start/README.md), but from outside the containers. Gives
 * null when it does, else why not. `timeout` in milliseconds.
 */
export async function probeOnce(probe: Probe, inside: RunInside, timeout: number): Promise<string | null> {
  try {
    switch (probe.type) {
      case 'http':
        return await http(probe, timeout);
      case 'tcp':
        return await greet(probe, timeout, null, () => null);
      case 'mysql':
        return await greet(probe, timeout, '', (bytes) =>
          bytes.length < 5 ? undefined : bytes[4] === 10 ? null : 'it greets with an error',
        );
      case 'amqp':
        return await greet(probe, timeout, 'AMQP\0\0\x09\x01', (bytes) =>
          bytes.length < 1 ? undefined : bytes[0] === 1 ? null : 'it does not speak AMQP 0-9-1',
        );
      case 'memcached':
        return await greet(probe, timeout, 'version\r\n', (bytes) =>
          bytes.length < 7
            ? undefined
            : bytes.toString('latin1').startsWith('VERSION')
              ? null
              : 'it does not answer version',
        );
      case 'socket':
        return (await inside(['test', '-S', probe.path])) === 0 ? null : `${probe.path} is not there`;
      case 'file':
        return (await inside(['test', '-e', probe.path])) === 0 ? null : `${probe.path} is not there`;
      case 'command': {
        const code = await inside(probe.command);
        return code === 0 ? null : `${probe.command.join(' ')} ends with ${code}`;
      }
    }
  } catch (error) {
    return why(error);
  }
}

async function http(probe: Extract<Probe, { type: 'http' }>, timeout: number): Promise<string | null> {
  const host = probe.host.includes(':') ? `[${probe.host}]` : probe.host;
  const url = `${probe.scheme}://${host}:${probe.port}${probe.path}`;
  const response = await fetch(url, { redirect: 'manual', signal: AbortSignal.timeout(timeout) });
  const text = await response.text();
  if (!probe.status.includes(response.status)) return `HTTP ${response.status}`;
  return probe.body === null || new RegExp(probe.body).test(text)
    ? null
    : `the answer does not match ${probe.body}`;
}

/** Asks once whether somebody takes connections at a Unix socket of this machine; null when so, else why not. `timeout` in milliseconds. */
export function connects(path: string, timeout: number): Promise<string | null> {
  return greet({ path }, timeout, null, () => null);
}

/**
 * Connects, says something (null: nothing, and the connection alone counts), and judges what comes back: undefined to wait for more.
 */
function greet(
  { host, port, path }: { readonly host?: string; readonly port?: number; readonly path?: string },
  timeout: number,
  hello: string | null,
  judge: (bytes: Buffer) => string | null | undefined,
): Promise<string | null> {
  return new Promise((resolve) => {
    let received = Buffer.alloc(0);
    const socket: Socket = path === undefined ? connect({ host, port: port ?? 0 }) : connect({ path });
    const end = (answer: string | null) => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(timeout, () => end('it does not answer'));
    socket.on('error', (error) => end(why(error)));
    socket.on('close', () => end('it closed the connection'));
    socket.on('connect', () => {
      if (hello === null) end(null);
      else if (hello !== '') socket.write(hello, 'latin1');
    });
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      const answer = judge(received);
      if (answer !== undefined) end(answer);
    });
  });
}
