import { z } from 'zod';
import { taskOf } from './agent-http.ts';
import type { Agent, Run } from './agents.ts';
import { agentPort } from './namespaces.ts';
import { attributesOf, resourcesOf } from './resources.ts';
import type { OperatorAnswer, OperatorRequest } from './stand-in.ts';

export interface Operated {
  readonly id: string;
  readonly agents: readonly Agent[];
  readonly frameworks: () => readonly { readonly id: string; readonly name: string }[];
}

const version = { version: '1.11.0', build_date: '2020-11-19', build_user: 'stand-in' };
const call = z.strictObject({ type: z.string() });

/** What operators ask a master: its v1 API, and the older pages (apache/mesos, src/master/http.cpp, readonly_handler.cpp, docs/operator-http-api.md). */
export function operate(
  view: Operated,
  { method, path, type, text }: OperatorRequest,
): OperatorAnswer | null {
  const json = (body: object) => ({
    status: 200,
    body: JSON.stringify(body),
    headers: { 'Content-Type': 'application/json' },
  });
  if (path === '/api/v1') {
    if (method !== 'POST')
      return { status: 405, body: `Expecting one of { 'POST' }, but received '${method}'` };
    if (type === undefined) return { status: 400, body: "Expecting 'Content-Type' to be present" };
    if (type !== 'application/json')
      return {
        status: 415,
        body: "Expecting 'Content-Type' of application/json or application/x-protobuf",
      };
    const parsed = call.safeParse(parse(text));
    if (!parsed.success)
      return { status: 400, body: `Failed to convert JSON into Call protobuf: ${parsed.error.message}` };
    const answer = answers[parsed.data.type];
    if (answer === undefined) return { status: 501, body: '' };
    const name = parsed.data.type.toLowerCase();
    return json({ type: parsed.data.type, [name]: answer(view) });
  }
  const page = pages[path];
  return page === undefined ? null : json(page(view));
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

const answers: Readonly<Record<string, (view: Operated) => object>> = {
  GET_HEALTH: () => ({ healthy: true }),
  GET_VERSION: () => ({ version_info: version }),
  GET_AGENTS: getAgents,
  GET_FRAMEWORKS: getFrameworks,
  GET_TASKS: getTasks,
  GET_STATE: (view) => ({
    get_agents: getAgents(view),
    get_frameworks: getFrameworks(view),
    get_tasks: getTasks(view),
    get_executors: {},
  }),
};

/** An agent that is not seen any more is none of those that are known, until it comes back. */
function seen({ agents }: Operated): Agent[] {
  return agents.filter(({ reachable }) => reachable);
}

function getAgents(view: Operated): object {
  return {
    agents: seen(view).map((agent) => {
      const total = resourcesOf(agent);
      const { used } = agent;
      return {
        active: true,
        agent_info: {
          hostname: agent.hostname,
          id: { value: agent.id },
          port: agentPort,
          attributes: attributesOf(agent.attributes),
          resources: total,
        },
        pid: pidOf(agent),
        registered_time: { nanoseconds: agent.since * 1_000_000 },
        total_resources: total,
        allocated_resources: used.cpus + used.mem > 0 ? resourcesOf(used) : [],
        offered_resources: [],
        version: version.version,
      };
    }),
  };
}

function getFrameworks({ frameworks }: Operated): object {
  return {
    frameworks: frameworks().map(({ id, name }) => ({
      active: true,
      connected: true,
      framework_info: { id: { value: id }, name, user: 'root', checkpoint: true, failover_timeout: 604_800 },
    })),
  };
}

function getTasks({ agents }: Operated): object {
  const tasks = agents.flatMap((agent) =>
    agent.runs.map((run) => ({
      isReachable: agent.reachable,
      isOver: isOver(run),
      told: v1Task(agent, run),
    })),
  );
  const those = (which: (one: (typeof tasks)[number]) => boolean) =>
    tasks.filter(which).map(({ told }) => told);
  return {
    tasks: those(({ isOver, isReachable }) => !isOver && isReachable),
    completed_tasks: those(({ isOver }) => isOver),
    unreachable_tasks: those(({ isOver, isReachable }) => !isOver && !isReachable),
  };
}

function isOver({ state }: Run): boolean {
  return /^TASK_(FINISHED|FAILED|KILLED|ERROR)$/.test(state);
}

function v1Task(agent: Agent, { task, name, framework, claim, state }: Run): object {
  const network_infos = [{ ip_addresses: [{ protocol: 'IPv4', ip_address: agent.address }] }];
  return {
    name,
    task_id: { value: task },
    framework_id: { value: framework },
    agent_id: { value: agent.id },
    state,
    resources: resourcesOf({ ...claim, ports: claim.ports.map((port) => [port, port]) }),
    statuses: [
      { task_id: { value: task }, state, agent_id: { value: agent.id }, container_status: { network_infos } },
    ],
  };
}

function pidOf({ address }: Agent): string {
  return `slave(1)@${address}:${agentPort}`;
}

function slaves(view: Operated): object[] {
  return seen(view).map((agent) => ({
    id: agent.id,
    hostname: agent.hostname,
    port: agentPort,
    pid: pidOf(agent),
    attributes: Object.fromEntries(
      Object.entries(agent.attributes).map(([name, value]) => [
        name,
        /^-?\d+(\.\d+)?$/.test(value) ? Number(value) : value,
      ]),
    ),
    resources: { cpus: agent.cpus, mem: agent.mem, ports: portsText(agent) },
    used_resources: agent.used,
    active: true,
    version: version.version,
  }));
}

function portsText({ ports }: Agent): string {
  return `[${ports.map(([first, last]) => `${first}-${last}`).join(', ')}]`;
}

const pages: Readonly<Record<string, (view: Operated) => object>> = {
  '/version': () => version,
  '/slaves': (view) => ({ slaves: slaves(view), recovered_slaves: [] }),
  '/tasks': ({ agents }) => ({
    tasks: agents.flatMap((agent) => agent.runs.map((run) => taskOf(agent, run))),
  }),
  '/state': (view) => ({
    id: view.id,
    version: version.version,
    activated_slaves: seen(view).length,
    slaves: slaves(view),
    frameworks: view.frameworks().map(({ id, name }) => ({
      id,
      name,
      tasks: tasksOf(view, id, false),
      completed_tasks: tasksOf(view, id, true),
    })),
  }),
};

function tasksOf({ agents }: Operated, framework: string, ended: boolean): object[] {
  return agents.flatMap((agent) =>
    agent.runs
      .filter((run) => run.framework === framework && isOver(run) === ended)
      .map((run) => taskOf(agent, run)),
  );
}
