import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import type { Server } from '../../src/zookeeper/connection.ts';

/** A link to a server that does what networks do when nobody wants it. */
export interface FaultLink extends AsyncDisposable {
  /** Where it is entered. */
  readonly server: Server;
  /** How many pieces have gone to the server: requests, as long as they are small. */
  requests(): number;
  /** All connections break; others may be made. */
  cut(): void;
  /** The next request that goes through reaches the server, and the link breaks before its answer comes back. */
  loseNextAnswer(): void;
  /** Nothing goes through any more, and nobody is told. */
  stall(): void;
  /** All goes through again, what was held up first. */
  heal(): void;
}

/** A link to that server. */
export async function faultLink(to: Server): Promise<FaultLink> {
  const pairs = new Set<readonly [Socket, Socket]>();
  let losing = false;
  let requests = 0;
  let stalled = false;
  const end = (pair: readonly [Socket, Socket]) => {
    pairs.delete(pair);
    for (const socket of pair) socket.destroy();
  };
  const listener = createServer((inside) => {
    const outside = connect({ ...to });
    const pair = [inside, outside] as const;
    pairs.add(pair);
    let lost = false;
    inside.on('data', (piece) => {
      requests++;
      if (losing) {
        losing = false;
        lost = true;
      }
      outside.write(piece);
    });
    outside.on('data', (piece) => {
      // It has answered, so what it was asked is done.
      if (lost) end(pair);
      else inside.write(piece);
    });
    for (const socket of pair) {
      socket.on('error', () => undefined);
      socket.on('close', () => end(pair));
      if (stalled) socket.pause();
    }
  }).listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const address = listener.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const cut = () => {
    for (const pair of pairs) end(pair);
  };
  return {
    server: { host: '127.0.0.1', port },
    requests: () => requests,
    cut,
    loseNextAnswer: () => {
      losing = true;
    },
    stall: () => {
      stalled = true;
      for (const socket of [...pairs].flat()) socket.pause();
    },
    heal: () => {
      stalled = false;
      for (const socket of [...pairs].flat()) socket.resume();
    },
    async [Symbol.asyncDispose]() {
      cut();
      listener.close();
      await once(listener, 'close');
    },
  };
}
