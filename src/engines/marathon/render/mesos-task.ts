import type { MesosTask } from '../../../mesos/tasks.ts';
import type { Task } from '../../../model/resource.ts';
import { bootCommand } from '../boot.ts';
import { container } from './container.ts';
import { memoryLimit } from './memory.ts';
import { literal, placing } from './placing.ts';
import type { RenderScope } from './scope.ts';

/** What a task has where nobody says how much it may take. Memory in MB. */
const usual = { cpus: 0.1, mem: 512 } as const;

/** One run of a task. */
export interface TaskRun {
  /** How often it was tried before: another try is another task to Mesos. */
  readonly attempt: number;
  /** Where it must run, of one that runs on each node; null where the scheduler chooses. */
  readonly node: string | null;
  /** With which its container finds what it is to run (`Znodes.variables`). */
  readonly variables: Readonly<Record<string, string>>;
}

/** A task as Mesos runs it: in a container of its image on a matching agent, with the rights and mounts that an app would have. */
export function mesosTask(scope: RenderScope, task: Task, { attempt, node, variables }: TaskRun): MesosTask {
  const { docker, volumes } = container(scope, task);
  const { cpus, memory } = task.resources;
  const here = node === null ? [] : ([['hostname', 'LIKE', literal(node)]] as const);
  const environment = {
    ...(task.start === 'kolla' && { KOLLA_CONFIG_STRATEGY: 'COPY_ONCE' }),
    ...task.env,
    ...variables,
  };
  return {
    id: [scope.desired.deployment, task.id, node, task.fingerprint.slice(0, 10), attempt]
      .filter((part) => part !== null)
      .join('.')
      .replaceAll('/', '.'),
    name: task.id,
    cpus: cpus ?? usual.cpus,
    mem: memoryLimit(memory, usual.mem),
    where: [...placing(scope, task).map(([name, , value = '']) => [name, 'LIKE', value] as const), ...here],
    command: {
      shell: false,
      arguments: bootCommand(scope.start).slice(1),
      environment: { variables: Object.entries(environment).map(([name, value]) => ({ name, value })) },
    },
    container: {
      type: 'DOCKER',
      volumes: volumes.flatMap((one) =>
        'hostPath' in one
          ? [{ container_path: one.containerPath, host_path: one.hostPath, mode: one.mode }]
          : [],
      ),
      docker: {
        image: docker.image,
        network: 'HOST',
        privileged: docker.privileged,
        parameters: docker.parameters,
        force_pull_image: docker.forcePullImage,
      },
    },
  };
}
