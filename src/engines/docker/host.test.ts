import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { observeHost } from './host.ts';

test.each(['127.0.0.1', '::1'])('a listener on %s is found with its address and process', async (address) => {
  const server = createServer().listen(0, address);
  await once(server, 'listening');
  const bound = server.address();
  if (bound === null || typeof bound === 'string') throw new Error('not a TCP address');
  const { listeners } = observeHost('here', new Set([bound.port]));
  server.close();
  const shown = address === '::1' ? '0:0:0:0:0:0:0:1' : address;
  expect(listeners).toMatchObject([
    {
      port: bound.port,
      protocol: 'tcp',
      address: shown,
      process: expect.stringContaining(`(pid ${process.pid})`),
    },
  ]);
});

test('a UDP socket counts too, and a free port is free', async () => {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  expect(observeHost('here', new Set([port])).listeners).toMatchObject([{ port, protocol: 'udp' }]);
  socket.close();
  await once(socket, 'close');
  expect(observeHost('here', new Set([port])).listeners).toEqual([]);
});

test('memory, processors and capabilities are those of this host', () => {
  const { memory, cpus, capabilities } = observeHost('here', new Set());
  expect(memory).toBeGreaterThan(2 ** 27);
  expect(cpus).toBeGreaterThanOrEqual(1);
  expect(capabilities).toContain('NET_BIND_SERVICE');
});
