import { once } from 'node:events';
import { connect, createServer, type Server } from 'node:net';

/** Hands on who asks an address to a port of this host's alone, under the same number: so containers reach what listens on 127.0.0.1. */
export async function relay(address: string, port: number): Promise<Server> {
  const server = createServer((socket) => {
    const there = connect(port, '127.0.0.1');
    socket.on('error', () => there.destroy());
    there.on('error', () => socket.destroy());
    socket.on('close', () => there.destroy());
    there.on('close', () => socket.destroy());
    socket.pipe(there);
    there.pipe(socket);
  });
  server.listen(port, address);
  await once(server, 'listening');
  return server;
}
