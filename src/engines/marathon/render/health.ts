import type { Probe, Workload } from '../../../model/resource.ts';
import type { RenderScope } from './scope.ts';

/** As Marathon has it (healthCheck.raml); times in seconds. */
export interface HealthCheck {
  readonly protocol: 'HTTP' | 'HTTPS' | 'TCP' | 'COMMAND';
  readonly path?: string;
  readonly portIndex?: number;
  readonly port?: number;
  readonly command?: { readonly value: string };
  readonly gracePeriodSeconds: number;
  readonly intervalSeconds: number;
  readonly timeoutSeconds: number;
  readonly maxConsecutiveFailures: number;
  readonly delaySeconds: number;
}

/**
 * What Marathon asks, to start anew what does not answer. Until its first good answer an instance is left alone for as long as it may wait for what it
 * needs. Whether it is well enough for those that need it is asked by the start program beside it, with the component's own probe in full.
 */
export function healthChecks(scope: RenderScope, workload: Workload): HealthCheck[] {
  const { health, ports } = workload;
  if (health === null) return [];
  const times = {
    gracePeriodSeconds: Math.ceil(scope.desired.timeouts.needs + health.grace),
    intervalSeconds: Math.max(1, Math.ceil(health.interval)),
    timeoutSeconds: Math.max(1, Math.ceil(health.timeout)),
    maxConsecutiveFailures: 3,
    delaySeconds: 0,
  };
  return [{ ...question(health.probe, ports), ...times }];
}

function question(
  probe: Probe,
  ports: Workload['ports'],
): Pick<HealthCheck, 'protocol'> & Partial<HealthCheck> {
  switch (probe.type) {
    case 'command':
      return { protocol: 'COMMAND', command: { value: probe.command.map(quoted).join(' ') } };
    case 'socket':
    case 'file':
      return {
        protocol: 'COMMAND',
        command: { value: `test ${probe.type === 'file' ? '-e' : '-S'} ${quoted(probe.path)}` },
      };
    case 'http': {
      if (!isUsual(probe)) return { protocol: 'TCP', ...where(probe.port, ports) };
      const protocol = probe.scheme === 'https' ? 'HTTPS' : 'HTTP';
      return { protocol, path: probe.path, ...where(probe.port, ports) };
    }
    default:
      return { protocol: 'TCP', ...where(probe.port, ports) };
  }
}

/** Marathon takes 200 to 399 for well, and looks at nothing else. */
function isUsual({ status, body }: Extract<Probe, { type: 'http' }>): boolean {
  return body === null && status.every((one) => one >= 200 && one <= 399);
}

function where(port: number, ports: Workload['ports']): { portIndex: number } | { port: number } {
  const portIndex = ports.findIndex((one) => one.port === port);
  return portIndex < 0 ? { port } : { portIndex };
}

/** A word of a shell's command line. */
function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'"'"'`)}'`;
}
