import type { TaskInfo } from '../../mesos/calls.ts';
import type { App } from './apps.ts';
import type { TaskEntry } from './instances.ts';

/** What Marathon gives Mesos of an app's instance (mesosphere/marathon, mesos/TaskBuilder.scala). Throws where the stand-in does not know what it needs. */
export function taskInfo(app: App, task: TaskEntry): TaskInfo {
  const { container, cmd, args = [] } = app;
  if (container?.docker === undefined) throw new Error('the stand-in runs Docker’s containers only');
  if (app.networks.some(({ mode }) => mode !== 'host'))
    throw new Error('the stand-in has no networks but those of its agents');
  const { image, privileged = false, parameters = [], forcePullImage = false } = container.docker;
  const isShell = cmd !== undefined && args.length === 0;
  const resource = (name: string, value: number) => ({
    name,
    type: 'SCALAR' as const,
    scalar: { value },
    role: '*',
    allocation_info: { role: '*' },
  });
  return {
    // mesos/TaskBuilder.scala: the path turned round, as Mesos-DNS then has it (state/PathId.scala: toHostname).
    name: app.id.split('/').filter(Boolean).toReversed().join('.'),
    task_id: { value: task.id },
    agent_id: { value: task.agent.id },
    resources: [resource('cpus', app.cpus), resource('mem', app.mem)],
    command: {
      shell: isShell,
      ...(isShell ? { value: cmd } : { arguments: args }),
      environment: {
        variables: Object.entries(environment(app, task)).map(([name, value]) => ({ name, value })),
      },
    },
    container: {
      type: 'DOCKER',
      volumes: (container.volumes ?? []).map((volume) => {
        if ('hostPath' in volume)
          return {
            container_path: volume.containerPath,
            host_path: volume.hostPath,
            mode: volume.mode,
          };
        // DVDIProvider.scala: a volume of a driver is named where a path would be.
        if ('external' in volume)
          return {
            container_path: volume.containerPath,
            host_path: volume.external.name ?? '',
            mode: volume.mode,
          };
        throw new Error('the stand-in has no persistent volumes, nor secrets as files');
      }),
      docker: { image, network: 'HOST', privileged, parameters, force_pull_image: forcePullImage },
    },
  };
}

/** mesos/TaskBuilder.scala: taskContextEnv; mesos/EnvironmentHelper.scala. What the app says itself comes last. */
function environment(app: App, { id, ports, agent }: TaskEntry): Record<string, string> {
  const labels = Object.entries(app.labels).flatMap(([key, value]): [string, string][] =>
    key.length < 512 - 'MARATHON_APP_LABEL_'.length && value.length < 512
      ? [[key.replace(/[^a-zA-Z0-9_]+/g, '_').toUpperCase(), value]]
      : [],
  );
  return {
    MESOS_TASK_ID: id,
    MARATHON_APP_ID: app.id,
    MARATHON_APP_VERSION: app.version,
    MARATHON_APP_DOCKER_IMAGE: app.container?.docker?.image ?? '',
    MARATHON_APP_RESOURCE_CPUS: decimal(app.cpus),
    MARATHON_APP_RESOURCE_MEM: decimal(app.mem),
    MARATHON_APP_RESOURCE_DISK: decimal(app.disk),
    MARATHON_APP_RESOURCE_GPUS: String(app.gpus),
    MARATHON_APP_LABELS: labels.map(([key]) => key).join(' '),
    ...Object.fromEntries(labels.map(([key, value]) => [`MARATHON_APP_LABEL_${key}`, value])),
    ...portsEnvironment(app, ports),
    HOST: agent.hostname,
    ...Object.fromEntries(
      Object.entries(app.env).filter((one): one is [string, string] => typeof one[1] === 'string'),
    ),
  };
}

function portsEnvironment({ portDefinitions }: App, ports: readonly number[]): Record<string, string> {
  if (ports.length === 0) return {};
  const found: Record<string, string> = {};
  ports.forEach((port, at) => {
    const { port: wanted = 0, name } = portDefinitions[at] ?? {};
    found[`PORT${at}`] = String(port);
    found[`PORT_${wanted || port}`] = String(port);
    if (name !== undefined) found[`PORT_${name.toUpperCase()}`] = String(port);
  });
  return { ...found, PORT: String(ports[0]), PORTS: ports.join(',') };
}

/** As Scala writes a Double. */
function decimal(value: number): string {
  return Number.isInteger(value) ? value.toFixed(1) : String(value);
}
