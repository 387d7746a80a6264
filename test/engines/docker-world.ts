import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { DockerEngine } from '../../src/engines/docker/engine.ts';
import { deploymentHome } from '../../src/state/home.ts';
import { containerPid } from '../support/container-pid.ts';
import type { World } from './conformance/world.ts';
import { hostState } from './host-state.ts';

export const image = 'kollage/memcached:2025.1';

/** Docker, looked at with its own command line. `socket`: of a daemon other than the host's. */
export function dockerWorld(socket?: string): World {
  const docker = (...args: string[]) =>
    execFileSync('docker', socket === undefined ? args : ['--host', `unix://${socket}`, ...args], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  const ids = (deployment: string) => {
    const filter = `label=io.kollage.deployment=${deployment}`;
    const rows = docker('ps', '--all', '--no-trunc', '--filter', filter, '--format', '{{.Names}} {{.ID}}');
    return new Map(
      rows
        .split('\n')
        .filter(Boolean)
        .map((row) => row.split(' ', 2) as [string, string]),
    );
  };
  return {
    settings: socket === undefined ? '' : `engine: { type: docker, address: ${socket} }\n`,
    engine: new DockerEngine(socket),
    unreachable: new DockerEngine('/nonexistent/docker.sock'),
    image,
    instances: ids,
    // Not `docker kill`, which Docker takes for an order that it stays so.
    kill: (instance) => void process.kill(containerPid(docker, instance), 'SIGKILL'),
    order: (instance) => void docker('kill', instance),
    stop: (instance) => void docker('stop', '--time', '1', instance),
    remove: (instance) => void docker('rm', '--force', instance),
    shell: (instance, line) => docker('exec', '--user', 'root', instance, 'sh', '-c', line),
    edit: (instance, what) => {
      const spec = ['--memory', '256m', '--memory-swap', '512m'];
      docker('update', ...(what === 'beside' ? ['--memory-reservation', '64m'] : spec), instance);
    },
    occupy: (instance) => {
      docker('create', '--name', instance, '--entrypoint', 'sleep', image, '60');
      const look = () => docker('inspect', '--format', '{{.Id}} {{.State.Status}}', instance);
      const before = look();
      return { untouched: () => look() === before, remove: () => void docker('rm', instance) };
    },
    readVolume: (deployment, volume, path) => {
      const source = `${deployment}-${volume.replaceAll('/', '-')}:/data:ro`;
      const shell = ['--user', 'root', '--entrypoint', 'sh', image, '-c', `cat '/data/${path}' 2>&- || true`];
      return docker('run', '--rm', '--network', 'none', '--volume', source, ...shell);
    },
    told: (deployment) => {
      const all = [...ids(deployment).values()];
      return [
        docker('inspect', ...all),
        ...all.map((id) => docker('logs', id)),
        execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' }),
      ].join('\n');
    },
    left: (deployment) => {
      const { containers = [], volumes = [], mounts = [] } = hostState(deployment, docker);
      // Interfaces, other networks and folders of /run are not the shop's, and come and go with other platforms on this host.
      const networks = docker('network', 'ls', '--format', '{{.Name}}')
        .split('\n')
        .filter((name) => name.includes(deployment));
      const ours = mounts.filter((point) => point.includes(`/${deployment}`));
      const home = existsSync(deploymentHome(deployment)) ? [deploymentHome(deployment)] : [];
      return { containers, volumes, networks, mounts: ours, home };
    },
  };
}
