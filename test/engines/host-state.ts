import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/**
 * What a deployment could leave on a host: containers and volumes of its name (those of others come and go meanwhile), networks, mounts,
 * interfaces, and folders of /run.
 */
export function hostState(deployment: string): Record<string, string[]> {
  return {
    containers: lines('docker', 'ps', '--all', '--format', '{{.Names}}').filter((name) =>
      name.startsWith(deployment),
    ),
    volumes: lines('docker', 'volume', 'ls', '--quiet').filter((name) => name.startsWith(deployment)),
    networks: lines('docker', 'network', 'ls', '--quiet', '--no-trunc'),
    // Docker's own mounts come and go with other containers.
    mounts: readFileSync('/proc/self/mounts', 'utf8')
      .split('\n')
      .map((line) => line.split(' ')[1] ?? '')
      .filter((point) => !point.startsWith('/var/lib/docker') && !point.startsWith('/run/docker'))
      .sort(),
    interfaces: readdirSync('/sys/class/net')
      .filter((name) => !name.startsWith('veth'))
      .sort(),
    run: readdirSync('/run').sort(),
  };
}

function lines(command: string, ...args: string[]): string[] {
  return execFileSync(command, args, { encoding: 'utf8' }).split('\n').filter(Boolean).sort();
}
