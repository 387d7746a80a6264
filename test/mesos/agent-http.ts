import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Agent, Run } from './agents.ts';
import { serveFiles } from './files.ts';
import { agentPort } from './namespaces.ts';

/** An agent's own HTTP interface (apache/mesos, src/slave/http.cpp, src/files/files.cpp). */
export async function serveAgent(
  agent: Agent,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (!agent.reachable) return void response.destroy();
  const url = new URL(request.url ?? '', `http://${agent.address}`);
  if (url.pathname.startsWith('/files/')) return serveFiles(agent, url, response);
  if (/^\/(slave\(1\)\/)?state$/.test(url.pathname)) {
    response.writeHead(200, { 'Content-Type': 'application/json' });
    return void response.end(JSON.stringify(state(agent)));
  }
  if (url.pathname === '/health') return void response.writeHead(200).end();
  response.writeHead(404).end();
}

const over = /^TASK_(FINISHED|FAILED|KILLED|ERROR)$/;

/** src/slave/http.cpp: Http::_state, as far as it is about tasks and where their files lie. */
function state(agent: Agent): object {
  const frameworks = [...Map.groupBy(agent.runs, ({ framework }) => framework)].map(([id, runs]) => {
    const executors = (ended: boolean) =>
      runs
        .filter((one) => over.test(one.state) === ended)
        .map((one) => ({
          id: one.task,
          name: `Docker executor (Task: ${one.task})`,
          source: one.task,
          container: one.container,
          directory: one.directory,
          tasks: ended ? [] : [taskOf(agent, one)],
          completed_tasks: ended ? [taskOf(agent, one)] : [],
        }));
    return { id, executors: executors(false), completed_executors: executors(true) };
  });
  return {
    id: agent.id,
    pid: `slave(1)@${agent.address}:${agentPort}`,
    hostname: agent.hostname,
    attributes: agent.attributes,
    frameworks,
  };
}

export function taskOf({ id }: Agent, { task, name, framework, claim, state }: Run): object {
  return {
    id: task,
    name,
    framework_id: framework,
    executor_id: '',
    slave_id: id,
    state,
    resources: { cpus: claim.cpus, mem: claim.mem, disk: 0, gpus: 0 },
  };
}
