import { onTestFinished } from 'vitest';
import { MarathonStandIn } from '../marathon/stand-in.ts';
import type { TaskInfo } from './calls.ts';
import { MesosStandIn } from './stand-in.ts';

/** The one agent of a small cluster, as its master tells of it. */
const agent = { hostname: 'agent-1', id: 'cluster-S0' };

interface SmallOptions {
  readonly pid?: string;
  readonly login?: { readonly user: string; readonly password: string };
}

/** A master, a Marathon and an agent that run no containers: whatever task is launched ends well at once. `pid`: where the agent listens. `login`: what Marathon asks for. */
export async function smallCluster({ pid = 'slave(1)@127.0.0.1:1', login }: SmallOptions = {}) {
  const told = { active: true, pid, agent_info: { hostname: agent.hostname, id: { value: agent.id } } };
  const answer = { type: 'GET_AGENTS', get_agents: { agents: [told] } };
  const launched: TaskInfo[] = [];
  const mesos = await MesosStandIn.start({
    agents: [agent],
    executor: (task) => {
      launched.push(task);
      return { ended: Promise.resolve({ code: 0, message: '' }), kill: async () => undefined };
    },
    operate: ({ path }) => (path === '/api/v1' ? { status: 200, body: JSON.stringify(answer) } : null),
  });
  const marathon = await MarathonStandIn.start(login === undefined ? {} : { credentials: login });
  onTestFinished(async () => {
    await marathon[Symbol.asyncDispose]();
    await mesos[Symbol.asyncDispose]();
  });
  return { mesos: mesos.masters[0] ?? '', marathon: marathon.servers[0] ?? '', launched };
}

/** A task that any agent can run. */
export const smallTask = {
  id: 'small',
  name: 'small',
  command: { shell: true, value: 'true' },
  cpus: 0.1,
  mem: 32,
  where: [],
};

/** Where a framework that is forgotten afterwards keeps its number. */
export const forgetful = { recall: async () => null, keep: async () => undefined };
