import type { V1Container, V1Probe } from '@kubernetes/client-node';
import type { Probe, Workload } from '../../../model/resource.ts';
import { inside } from '../../start-spec.ts';

/** Seconds between two questions while a process comes up, and afterwards at least where a program must be run for each. */
const pace = { starting: 2, running: 10 };
/** A process that does not take a connection for so many questions in a row, ten seconds apart, is hung, and started anew. */
const hung = { failureThreshold: 6, periodSeconds: 10, timeoutSeconds: 5 };

type Handler = Pick<V1Probe, 'exec' | 'httpGet' | 'tcpSocket'>;

/**
 * A component's health as Kubernetes asks it. startup: the time of grace that it has to come up; readiness: whether it gets requests, by its full
 * check; liveness: only whether it takes connections, since a service that waits for its database is not helped by being killed.
 */
export function probes({
  health,
}: Workload): Pick<V1Container, 'startupProbe' | 'readinessProbe' | 'livenessProbe'> {
  if (!health) return {};
  const { probe, interval, grace, patient } = health;
  const handler = handlerOf(probe);
  const timeoutSeconds = Math.max(1, Math.ceil(health.timeout));
  const period = Math.max(1, Math.ceil(handler.exec ? Math.max(interval, pace.running) : interval));
  return {
    startupProbe: {
      ...(patient && 'port' in probe ? { tcpSocket: { port: probe.port } } : handler),
      periodSeconds: pace.starting,
      timeoutSeconds,
      failureThreshold: Math.max(1, Math.ceil(grace / pace.starting)),
    },
    readinessProbe: { ...handler, periodSeconds: period, timeoutSeconds, failureThreshold: 3 },
    ...('port' in probe && { livenessProbe: { tcpSocket: { port: probe.port }, ...hung } }),
  };
}

/** Whether a probe is made by a part of the start program, inside the container. */
export function asksInside({ health }: Workload): boolean {
  return health !== null && handlerOf(health.probe).exec?.command?.[0] === 'python3';
}

function handlerOf(probe: Probe): Handler {
  switch (probe.type) {
    case 'http':
      return isPlain(probe)
        ? {
            httpGet: {
              path: probe.path,
              port: probe.port,
              ...(probe.scheme === 'https' && { scheme: 'HTTPS' }),
            },
          }
        : ask(probe);
    case 'tcp':
      return { tcpSocket: { port: probe.port } };
    case 'mysql':
    case 'amqp':
    case 'memcached':
      return ask(probe);
    case 'socket':
      return { exec: { command: ['test', '-S', probe.path] } };
    case 'file':
      return { exec: { command: ['test', '-e', probe.path] } };
    case 'command':
      return { exec: { command: [...probe.command] } };
  }
}

/** What Kubernetes itself takes for healthy: a status from 200 to 399, whatever the body. */
function isPlain({ status, body }: Extract<Probe, { type: 'http' }>): boolean {
  return body === null && status.every((code) => code >= 200 && code < 400);
}

/** Asks as the start program does (images/start/probes.py), at the pod's own address. */
function ask(probe: Probe): Handler {
  const question = JSON.stringify({ ...probe, host: '' });
  return { exec: { command: ['python3', '-I', '-S', `${inside.start}/probes.py`, question] } };
}
