import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';

/**
 * What a deployment could leave on a host: containers and volumes of its name (those of others come and go meanwhile), networks, mounts,
 * interfaces, folders of /run, namespaces, and guests with their control groups. `docker` runs its command line.
 */
export function hostState(
  deployment: string,
  docker: (...args: string[]) => string = (...args) => execFileSync('docker', args, { encoding: 'utf8' }),
): Record<string, string[]> {
  const lines = (...args: string[]) =>
    docker(...args)
      .split('\n')
      .filter(Boolean)
      .sort();
  return {
    containers: lines('ps', '--all', '--format', '{{.Names}}').filter((name) => name.startsWith(deployment)),
    volumes: lines('volume', 'ls', '--quiet').filter((name) => name.startsWith(deployment)),
    networks: lines('network', 'ls', '--quiet', '--no-trunc'),
    // Docker's own mounts come and go with other containers.
    mounts: readFileSync('/proc/self/mounts', 'utf8')
      .split('\n')
      .map((line) => line.split(' ')[1] ?? '')
      .filter((point) => !point.startsWith('/var/lib/docker') && !point.startsWith('/run/docker'))
      .sort(),
    // Nor is the cable of a cluster that tests beside these use (test/cluster/fabric.ts) anything of Docker's.
    interfaces: readdirSync('/sys/class/net')
      .filter((name) => !/^(veth|klgk8s)/.test(name))
      .sort(),
    run: readdirSync('/run').sort(),
    namespaces: existsSync('/run/netns') ? readdirSync('/run/netns').sort() : [],
    guests: readdirSync('/proc').filter((pid) => /^(qemu|dnsmasq)/.test(programOf(pid))),
    groups: readdirSync('/sys/fs/cgroup').filter((group) =>
      existsSync(`/sys/fs/cgroup/${group}/kollage-guests`),
    ),
  };
}

/** The name of a process's program; nothing for one that has ended, and for what is no process. */
function programOf(pid: string): string {
  try {
    return /^\d+$/.test(pid) ? readFileSync(`/proc/${pid}/comm`, 'utf8') : '';
  } catch {
    return '';
  }
}
