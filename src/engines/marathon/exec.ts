import { KollageError } from '../../model/error.ts';
import type { Io } from '../io.ts';
import { capturing, follow, handOn, quoted } from './captured.ts';
import type { Site } from './cluster.ts';
import { objectName } from './names.ts';
import type { Agent } from './operator.ts';
import { agentCommand } from './render/agent-command.ts';
import type { Runs } from './runs.ts';
import { appsOf, isThere, workloadOf } from './shapes.ts';

/**
 * Runs a command in the container of an instance; gives its exit code. Mesos runs commands in containers of its own kind alone (apache/mesos,
 * operator-http-api.md, LAUNCH_NESTED_CONTAINER_SESSION), so a command runs on the agent that asks its Docker. Nothing is handed in; whole lines are
 * handed on as they come, the rest when it has ended. KLG-502 where nothing runs of the instance.
 */
export async function execIn(
  site: Site,
  runs: Runs,
  instance: string,
  command: readonly string[],
  io: Io,
): Promise<number> {
  const { task, agent } = await runningOf(site, instance);
  const { deployment } = site;
  const run = agentCommand(deployment, 'exec', objectName(instance), agent.hostname, script(task, command));
  const ended = new AbortController();
  const following = follow(site, agent, run.id, io, ended.signal);
  following.catch(() => undefined);
  try {
    const { code } = await runs.once(run, io.interrupt);
    ended.abort();
    await handOn(site, [agent], run.id, io, await following);
    return code;
  } finally {
    ended.abort();
  }
}

/** For the agent's shell: the container is the one that was given the task's number. */
function script(task: string, command: readonly string[]): string {
  const variables = '{{.Id}} {{range .Config.Env}}{{.}} {{end}}';
  const inspected = `docker ps --quiet --no-trunc | xargs docker inspect --format ${quoted(variables)}`;
  return [
    `container=$(${inspected} | grep -F ${quoted(` MESOS_TASK_ID=${task} `)} | cut -d ' ' -f 1)`,
    capturing(`docker exec "$container" ${command.map(quoted).join(' ')}`, ''),
  ].join('\n');
}

async function runningOf(site: Site, instance: string): Promise<{ task: string; agent: Agent }> {
  const [apps, agents] = await Promise.all([appsOf(site), site.mesos.agents()]);
  for (const app of apps)
    for (const task of app.tasks) {
      const isMeant = task.id === instance || objectName(workloadOf(app) ?? '') === instance;
      const agent = agents.find(({ hostname }) => hostname === task.host);
      if (isMeant && isThere(task) && agent) return { task: task.id, agent };
    }
  throw new KollageError({ code: 'KLG-502', message: `nothing runs of ${instance}` });
}
