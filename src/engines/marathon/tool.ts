import { hash } from '../../compile/fingerprint.ts';
import { KollageError } from '../../model/error.ts';
import type { Desired, Task, Tool } from '../../model/resource.ts';
import type { Provision, ToolCall } from '../engine.ts';
import type { Io } from '../io.ts';
import { capturing, handOn } from './captured.ts';
import type { Site } from './cluster.ts';
import { mesosTask } from './render/mesos-task.ts';
import type { Runs } from './runs.ts';
import { publish, scopeFor } from './scope.ts';

/** The sandbox, as a container has it (apache/mesos, docs/docker-containerizer.md). */
const sandbox = '$MESOS_SANDBOX/';

/**
 * Runs a tool as a task of Mesos, in a container of its image on any agent; gives its exit code. Its files and secrets come from ZooKeeper, as those of all
 * containers do. Nothing is handed in, the operator's files neither, and what it says is there when it has ended.
 */
export async function runTool(site: Site, runs: Runs, tool: Tool, call: ToolCall, io: Io): Promise<number> {
  const { desired } = call;
  if (!desired) throw new Error('the engine was not told what the tool is part of');
  const task = asTask(tool, call, desired);
  const provision: Provision = { ...call, desired, tasks: new Map(), needsTimeout: desired.timeouts.needs };
  const scope = await scopeFor(site, task, provision);
  const version = await publish(site, scope, task, provision);
  const variables = site.znodes.variables(task.id, version, site.settings.zookeeper);
  const attempt = Date.now();
  const mesos = mesosTask(scope, task, { attempt, node: null, variables });
  try {
    const { code, why } = await runs.once(mesos, io.interrupt);
    const isThere = await handOn(site, await site.mesos.agents(), mesos.id, io);
    if (!isThere && code !== 0) throw new KollageError({ code: 'KLG-502', message: `${tool.name}: ${why}` });
    return code;
  } finally {
    await site.znodes.forget(task.id, version);
  }
}

/** A proof, which leaves no record: as root, for the sandbox is root's. */
function asTask(tool: Tool, { args }: ToolCall, desired: Desired): Task {
  const command = ['sh', '-c', capturing('"$@"', sandbox), 'sh', ...tool.command, ...args];
  return {
    kind: 'task',
    id: `${tool.service}/tool-${tool.name}`,
    service: tool.service,
    phase: 'verify',
    changes: [],
    timeout: desired.timeouts.needs,
    retries: 0,
    each: 'deployment',
    outputs: {},
    image: tool.image,
    start: 'plain',
    command,
    env: { HOME: '/tmp', ...tool.env },
    user: 'root',
    config: tool.config,
    mounts: tool.mounts ?? [],
    privileges: {
      capabilities: [],
      devices: [],
      hostNetwork: false,
      hostPid: false,
      hostIpc: false,
      hostCgroup: false,
      unconfined: [],
      deviceCgroupRules: [],
    },
    resources: { memory: null, cpus: null },
    needs: [],
    placement: { role: rolesOf(desired), nodes: desired.nodes.map(({ name }) => name) },
    secrets: tool.secrets,
    inputs: {},
    fingerprint: hash([tool, args]),
  };
}

/** All of them: a tool may run wherever something of the deployment may. */
function rolesOf({ nodes }: Desired): string {
  return [...new Set(nodes.flatMap(({ roles }) => roles))].sort().join(',');
}
