import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Marathon } from '../marathon/service/marathon.ts';
import { MarathonServer } from '../marathon/service/server.ts';
import { serveAgent } from './agent-http.ts';
import { Agent, type AgentOptions } from './agents.ts';
import { Containerizer } from './containers.ts';
import { clear, label, makeFabric, owner, startPause } from './namespaces.ts';

export interface MesosOptions {
  readonly agents: readonly AgentOptions[];
  /** With Python; what stands for an agent's machine runs in it. */
  readonly image?: string;
  /** Marathon's, where it asks for some. */
  readonly credentials?: { readonly user: string; readonly password: string };
}

/**
 * Stands in for a cluster with Mesos and Marathon, of which no packages are to be had: what it is asked to run, it runs as containers of this host's Docker,
 * spread over virtual agents with an address and ports of their own. It lives in this process: who uses it must never block (`execFileSync`).
 */
export interface MesosCluster extends AsyncDisposable {
  /** Marathon's URL, for this host and for containers on agents. */
  readonly marathon: string;
  readonly agents: readonly Agent[];
  /** This host, as containers on agents reach it. */
  readonly gateway: string;
  readonly service: Marathon;
  agent(hostname: string): Agent;
  /** What Docker calls a volume of an agent's. */
  volume(hostname: string, name: string): string;
  loseAgent(hostname: string): void;
  returnAgent(hostname: string): void;
  /** Nobody leads Marathon for so many milliseconds. */
  changeLeader(milliseconds?: number): Promise<void>;
  stop(): Promise<void>;
}

export async function startMesos(options: MesosOptions): Promise<MesosCluster> {
  await clear();
  const { image = 'kollage/memcached:2025.1', credentials } = options;
  const run = randomUUID().slice(0, 8);
  const prefix = `kollage-mesos-${owner()}-${run}`;
  const folder = mkdtempSync(join(tmpdir(), 'kollage-mesos-'));
  const servers: Server[] = [];
  const mine = { [label]: owner() };
  const volume = (agent: Agent, name: string) => `${prefix}-${agent.hostname}-${name}`;
  const close: (() => Promise<void> | void)[] = [
    () => rmSync(folder, { recursive: true, force: true }),
    () => clear((whose) => whose === owner()),
  ];
  const stop = async () => {
    for (const one of close.splice(0).toReversed()) await one();
  };
  try {
    const fabric = await makeFabric(prefix);
    const agents = await Promise.all(
      options.agents.map(async (one, at) => {
        const server = createServer(
          (request, response) => void serveAgent(agent(one.hostname), request, response),
        );
        server.listen(0, fabric.gateway);
        await once(server, 'listening');
        servers.push(server);
        close.push(() => {
          server.closeAllConnections();
          server.close();
        });
        const bound = server.address();
        const port = typeof bound === 'object' && bound ? bound.port : 0;
        const name = `${prefix}-${one.hostname}`;
        const { hostname } = one;
        const address = await startPause({ fabric, name, hostname, image, port, dns: null });
        return new Agent(`${run}-S${at}`, address, name, one);
      }),
    );
    const agent = (hostname: string) => {
      const found = agents.find((one) => one.hostname === hostname);
      if (!found) throw new Error(`no agent ${hostname}`);
      return found;
    };
    const containerizer = new Containerizer({ labels: mine, folder, volume });
    const service = new Marathon(agents, containerizer, `${run}-0000`);
    const server = new MarathonServer(service, { address: fabric.gateway, credentials });
    await server.listen();
    close.push(
      () => server.close(),
      () => service.stop(),
    );
    return {
      marathon: server.url,
      agents,
      gateway: fabric.gateway,
      service,
      agent,
      volume: (hostname, name) => volume(agent(hostname), name),
      loseAgent: (hostname) => service.lose(agent(hostname)),
      returnAgent: (hostname) => service.back(agent(hostname)),
      changeLeader: (milliseconds = 1000) => server.changeLeader(milliseconds),
      stop,
      [Symbol.asyncDispose]: stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
