import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Follower } from '../marathon/service/follower.ts';
import { Marathon } from '../marathon/service/marathon.ts';
import { MarathonServer } from '../marathon/service/server.ts';
import { serveAgent } from './agent-http.ts';
import { Agent, type AgentOptions } from './agents.ts';
import type { TaskInfo } from './calls.ts';
import { Containerizer } from './containers.ts';
import { NameServer } from './dns.ts';
import { mesosNames } from './names.ts';
import { clear, label, makeFabric, owner, startPause } from './namespaces.ts';
import { operate } from './operator.ts';
import { relay } from './relay.ts';
import { MesosStandIn, type Running } from './stand-in.ts';

export interface MesosOptions {
  readonly agents: readonly AgentOptions[];
  /** With Python; what stands for an agent's machine runs in it. */
  readonly image?: string;
  /** Marathon's, where it asks for some. */
  readonly credentials?: { readonly user: string; readonly password: string };
  /** How many Marathons there are beside the one that leads. */
  readonly followers?: number;
  /** Who may register with Mesos as a framework; anybody where nothing is said. */
  readonly principal?: { readonly name: string; readonly secret: string };
  readonly masters?: number;
  /** Seconds. */
  readonly heartbeat?: number;
  /** Whether agents ask Mesos-DNS; they do where nothing is said. */
  readonly dns?: boolean;
}

/**
 * Stands in for a cluster with Mesos and Marathon, of which no packages are to be had: what it is asked to run, it runs as containers of this host's Docker,
 * spread over virtual agents with an address and ports of their own. It lives in this process: who uses it must never block (`execFileSync`).
 */
export interface MesosCluster extends AsyncDisposable {
  /** Marathon's URL, for this host and for containers on agents. */
  readonly marathon: string;
  /** Of those that do not lead. */
  readonly followers: readonly string[];
  /** The URL of a Mesos master; of all of them. */
  readonly mesos: string;
  readonly masters: readonly string[];
  /** The masters, for what a test does to them. */
  readonly master: MesosStandIn;
  readonly agents: readonly Agent[];
  /** This host, as containers on agents reach it. */
  readonly gateway: string;
  readonly service: Marathon;
  agent(hostname: string): Agent;
  /** A port that is this host's alone (127.0.0.1), for containers too; gives `HOST:PORT` for both. */
  expose(port: number): Promise<string>;
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
  const whose = owner(run);
  const prefix = `kollage-mesos-${whose}`;
  const folder = join(tmpdir(), prefix);
  const servers: Server[] = [];
  const mine = { [label]: whose };
  const volume = (agent: Agent, name: string) => `${prefix}-${agent.hostname}-${name}`;
  const close: (() => Promise<void> | void)[] = [() => clear((one) => one === whose)];
  const stop = async () => {
    for (const one of close.splice(0).toReversed()) await one();
  };
  try {
    const fabric = await makeFabric(prefix, whose);
    const dns = options.dns === false ? null : fabric.gateway;
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
        const address = await startPause({ fabric, name, whose, hostname, image, port, dns });
        return new Agent(`${run}-S${at}`, address, name, one);
      }),
    );
    const agent = (hostname: string) => {
      const found = agents.find((one) => one.hostname === hostname);
      if (!found) throw new Error(`no agent ${hostname}`);
      return found;
    };
    const containerizer = new Containerizer({ labels: mine, folder, volume });
    const framework = `${run}-0000`;
    const service = new Marathon(agents, containerizer, framework);
    const view = {
      id: run,
      agents,
      frameworks: () => [{ id: framework, name: 'marathon' }, ...master.frameworks],
    };
    const { principal, masters = 1, heartbeat = 15 } = options;
    const master = await MesosStandIn.start({
      ...{ agents, masters, heartbeat, address: fabric.gateway, ...(principal && { principal }) },
      executor: (task, host, owner) => execute(containerizer, task, agent(host), owner),
      free: (host) => agent(host).free,
      operate: (asked) => operate(view, asked),
    });
    close.push(() => master[Symbol.asyncDispose]());
    if (dns !== null) {
      const names = new NameServer(mesosNames(service, agents, fabric.gateway));
      await names.listen(dns);
      close.push(() => names.close());
    }
    for (const one of agents) one.taken = () => master.rescind(one.hostname);
    const server = new MarathonServer(service, { address: fabric.gateway, credentials });
    await server.listen();
    const followers = Array.from({ length: options.followers ?? 0 }, () => new Follower(() => server.url));
    for (const one of followers) {
      await one.listen(fabric.gateway);
      close.push(() => one.close());
    }
    close.push(
      () => server.close(),
      () => service.stop(),
    );
    return {
      marathon: server.url,
      followers: followers.map(({ url }) => url),
      mesos: master.masters[0] ?? '',
      masters: master.masters,
      master,
      agents,
      gateway: fabric.gateway,
      service,
      agent,
      expose: async (port) => {
        const server = await relay(fabric.gateway, port);
        close.push(() => void server.close());
        return `${fabric.gateway}:${port}`;
      },
      volume: (hostname, name) => volume(agent(hostname), name),
      loseAgent: (hostname) => {
        service.lose(agent(hostname));
        master.partition(hostname);
      },
      returnAgent: (hostname) => {
        service.back(agent(hostname));
        master.heal(hostname);
      },
      changeLeader: (milliseconds = 1000) => server.changeLeader(milliseconds),
      stop,
      [Symbol.asyncDispose]: stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** What Mesos gives a task to end (apache/mesos, src/slave/constants.hpp: DEFAULT_EXECUTOR_SHUTDOWN_GRACE_PERIOD). Seconds. */
const grace = 5;

/** A task of a framework, in a container on its agent. */
function execute(containerizer: Containerizer, task: TaskInfo, agent: Agent, framework: string): Running {
  const of = (name: string) =>
    task.resources.reduce((sum, one) => sum + (one.name === name ? one.scalar.value : 0), 0);
  const claim = { cpus: of('cpus'), mem: of('mem'), ports: [] };
  const id = task.task_id.value;
  agent.claim(id, claim);
  const launched = containerizer.launch(task, agent, framework, claim);
  let isKilled = false;
  void launched.started.then(
    () => {
      launched.run.state = 'TASK_RUNNING';
    },
    () => undefined,
  );
  return {
    started: launched.started,
    ended: launched.ended.then((end) => {
      agent.release(id);
      launched.run.state = isKilled ? 'TASK_KILLED' : end.code === 0 ? 'TASK_FINISHED' : 'TASK_FAILED';
      return { code: end.code, message: end.code === 125 ? end.message : '' };
    }),
    kill: () => {
      isKilled = true;
      return launched.kill(grace);
    },
  };
}
