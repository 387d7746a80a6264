import { execFileSync } from 'node:child_process';
import { MarathonEngine } from '../../src/engines/marathon/engine.ts';
import { appId, objectName } from '../../src/engines/marathon/names.ts';
import { containerPid } from '../support/container-pid.ts';
import type { World } from './conformance/world.ts';
import { image } from './docker-world.ts';
import type { MarathonPlace } from './marathon-place.ts';

/** What Marathon says, as far as these tests read it. */
interface Answered {
  readonly deploymentId?: string;
  readonly app?: { readonly version: string };
  readonly apps?: readonly { readonly id: string }[];
}

/** Marathon with one agent, looked at with Docker's command line, and changed over its own API. */
export function marathonWorld({ marathon, mesos, zookeeper, login, volume }: MarathonPlace): World {
  const docker = (...args: string[]) =>
    execFileSync('docker', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  /** Tasks that run as containers: their own names to their containers. */
  const tasks = () => {
    const format = '{{.Label "MESOS_TASK_ID"}} {{.ID}}';
    const rows = docker('ps', '--no-trunc', '--filter', 'label=MESOS_TASK_ID', '--format', format);
    return rows
      .split('\n')
      .filter(Boolean)
      .map((row) => row.split(' ', 2) as [task: string, container: string]);
  };
  /** `kollage-conform-tasks_web_front.instance-…` is an instance of web-front in kollage-conform-tasks. */
  const running = () =>
    tasks().map(([task, container]) => {
      const [deployment = '', ...parts] = (task.split('.')[0] ?? '').split('_');
      return { deployment, name: parts.join('-'), container };
    });
  const ownOf = (deployment: string) =>
    running().flatMap((one) => (one.deployment === deployment ? [[one.name, one.container] as const] : []));
  /** The tests run one deployment after the other. */
  let last = '';
  const containerOf = (instance: string) => {
    const found = running().find(({ name }) => name === instance);
    if (!found) throw new Error(`${instance} does not run`);
    last = found.deployment;
    return found.container;
  };
  const idOf = (instance: string) => appId(last, instance.replace('-', '/'));
  const ask = async (method: string, path: string, body?: object) => {
    const shown = login && `Basic ${btoa(`${login.user}:${login.password}`)}`;
    const answer = await fetch(`${marathon}${path}`, {
      method,
      headers: { 'Content-Type': 'application/json', ...(shown && { Authorization: shown }) },
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${text}`);
    return (text === '' ? {} : JSON.parse(text)) as Answered;
  };
  const secrets: Readonly<Record<string, string | undefined>> = {
    kollage_store_key: 'open',
    kollage_engine_password: login?.password,
  };
  const secret = async (name: string) => secrets[name];
  const user = login && { user: login.user };
  const settings = { type: 'marathon', address: marathon, mesos, zookeeper, ...user } as const;
  const nowhere = 'http://127.0.0.1:1';
  return {
    settings: `engine: ${JSON.stringify(settings)}\n`,
    engine: new MarathonEngine(settings, { secret }),
    unreachable: new MarathonEngine({ ...settings, address: nowhere, mesos: nowhere }, { secret }),
    image,
    instances: (deployment) => {
      last = deployment;
      return new Map(ownOf(deployment));
    },
    kill: (instance) => void process.kill(containerPid(docker, containerOf(instance)), 'SIGKILL'),
    order: (instance) => void docker('kill', containerOf(instance)),
    stop: (instance) => void docker('stop', '--time', '1', containerOf(instance)),
    remove: async (instance) => void (await ask('DELETE', `/v2/apps${idOf(instance)}?force=true`)),
    shell: (instance, line) => docker('exec', '--user', 'root', containerOf(instance), 'sh', '-c', line),
    edit: async (instance, what) => {
      containerOf(instance);
      const change = what === 'beside' ? { instances: 2 } : { taskKillGracePeriodSeconds: 77 };
      const { deploymentId } = await ask('PUT', `/v2/apps${idOf(instance)}?force=true`, change);
      // A second one has no port on this agent, and whoever wanted it is not waited for.
      if (what === 'beside') await ask('DELETE', `/v2/deployments/${deploymentId}?force=true`);
    },
    occupy: async (instance) => {
      const id = idOf(instance);
      await ask('PUT', `/v2/apps${id}`, { id, cmd: 'true', instances: 0 });
      const version = async () => (await ask('GET', `/v2/apps${id}`)).app?.version;
      const before = await version();
      return {
        untouched: async () => (await version()) === before,
        remove: async () => void (await ask('DELETE', `/v2/apps${id}`)),
      };
    },
    readVolume: (deployment, of, path) => {
      const name = volume(`${deployment}-${objectName(of)}`);
      const shell = ['--user', 'root', '--entrypoint', 'sh', image, '-c', `cat '/data/${path}' 2>&- || true`];
      return docker('run', '--rm', '--network', 'none', '--volume', `${name}:/data:ro`, ...shell);
    },
    told: async (deployment) =>
      [
        docker('inspect', ...ownOf(deployment).map(([, container]) => container)),
        JSON.stringify(await ask('GET', '/v2/apps')),
        execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' }),
      ].join('\n'),
    left: async (deployment) => ({
      apps: ((await ask('GET', '/v2/apps')).apps ?? []).flatMap(({ id }) =>
        id.startsWith(`/${deployment}/`) ? [id] : [],
      ),
      containers: ownOf(deployment).map(([name]) => name),
      volumes: docker('volume', 'ls', '--quiet')
        .split('\n')
        .filter((name) => name.includes(`${deployment}-`)),
    }),
  };
}
