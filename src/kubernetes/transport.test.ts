import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { KubeConfig } from '@kubernetes/client-node';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ConnectionError } from './errors.ts';
import { Transport } from './transport.ts';

/* What a real API server does not do on demand. */

let asked = 0;
let answers = true;
const server = createServer((_, answer) => {
  asked++;
  if (answers) answer.end('{}');
});
let transport: Transport;

beforeAll(async () => {
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const config = new KubeConfig();
  const { port } = server.address() as AddressInfo;
  const cluster = { name: 'test', server: `http://127.0.0.1:${port}`, skipTLSVerify: true };
  config.loadFromClusterAndUser(cluster, { name: 'test' });
  transport = new Transport(config);
});
afterAll(() => {
  transport.close();
  server.closeAllConnections();
  server.close();
});

test('a server that falls silent on a connection that was kept is not asked a second time', async () => {
  const ask = () => transport.json({ method: 'GET', path: '/version', verb: 'get', silence: 100 });
  expect(await ask()).toEqual({});
  answers = false;
  await expect(ask()).rejects.toThrow(ConnectionError);
  expect(asked).toBe(2);
});

test('one that has closed the connection that was kept is asked again on another', async () => {
  answers = true;
  const ask = () => transport.json({ method: 'GET', path: '/version', verb: 'get' });
  await ask();
  server.prependOnceListener('request', (request) => {
    request.socket.destroy();
  });
  expect(await ask()).toEqual({});
});
