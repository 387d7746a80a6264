import type { MesosTask } from '../../../mesos/tasks.ts';
import { literal } from './placing.ts';

/** A shell's line that runs on an agent itself, not in a container: what only the agent's own Docker can do. `what` it is for tells it from others. */
export function agentCommand(
  deployment: string,
  what: 'exec' | 'volumes',
  of: string,
  hostname: string,
  line: string,
): MesosTask {
  return {
    id: `${deployment}.${what}.${of}.${Date.now()}`,
    name: `${deployment} ${what}`,
    cpus: 0.1,
    mem: 32,
    where: [['hostname', 'LIKE', literal(hostname)]],
    command: { shell: true, value: line },
  };
}
