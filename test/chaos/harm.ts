import { execFileSync } from 'node:child_process';
import { containerPid } from '../support/container-pid.ts';

/** What may befall a container. */
const ways = {
  /** Its process dies, as of a bug or for want of memory: the engine starts it again. */
  crash: (container: string) => process.kill(containerPid(docker, container), 'SIGKILL'),
  /** A person kills it: the engine leaves it as it is. */
  kill: (container: string) => docker('kill', container),
  stop: (container: string) => docker('stop', '--time', '1', container),
  remove: (container: string) => docker('rm', '--force', container),
  /** Its processes stand still and answer nobody. */
  freeze: (container: string) => {
    for (const pid of pids(container)) process.kill(pid, 'SIGSTOP');
  },
} as const;

export type Way = keyof typeof ways;
export const allWays = Object.keys(ways).filter((way): way is Way => way in ways);

/** Does harm to a running container; nothing when it is gone already. */
export function harm(container: string, way: Way): boolean {
  try {
    ways[way](container);
    return true;
  } catch {
    return false;
  }
}

/** The names of a deployment's containers that run, tasks left out. */
export function running(deployment: string): string[] {
  const filter = ['--filter', `label=io.kollage.deployment=${deployment}`];
  const rows = docker('ps', ...filter, '--format', '{{.Names}} {{.Label "io.kollage.key"}}').split('\n');
  return rows.flatMap((row) => {
    const [name = '', key = ''] = row.split(' ');
    return key.startsWith('workload:') ? [name] : [];
  });
}

/** Without the init, so that the container itself can be stopped. */
function pids(container: string): number[] {
  const init = containerPid(docker, container);
  const rows = docker('top', container, '-eo', 'pid').split('\n').slice(1);
  return rows.map(Number).filter((pid) => pid > 0 && pid !== init);
}

function docker(...args: string[]): string {
  return execFileSync('docker', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
}
