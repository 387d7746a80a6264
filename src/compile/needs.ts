import { KollageError } from '../model/error.ts';
import type { Endpoint, Health, Need, Probe } from '../model/resource.ts';
import type { HealthDefinition, NeedDefinition } from '../model/service.ts';
import type { Context } from './context.ts';
import type { Scope } from './scope.ts';

/** `thing` of the service itself, or `service/thing`. */
export function qualify(reference: string, service: string): string {
  return reference.includes('/') ? reference : `${service}/${reference}`;
}

/** What proves a component healthy. Interval, timeout and grace in seconds. */
export function health(
  context: Context,
  definition: HealthDefinition,
  service: string,
  scope: Scope,
): Health {
  const { interval = 5, timeout = 5, grace = 60, patient } = definition;
  return {
    probe: probe(context, definition, service, scope),
    interval,
    timeout,
    grace,
    ...(patient && { patient }),
  };
}

function probe(context: Context, definition: HealthDefinition, service: string, scope: Scope): Probe {
  if ('http' in definition) {
    const { endpoint: reference, path, status, body } = definition.http;
    const { host, port, scheme } = offered(context, reference, service, scope, 'http');
    return {
      type: 'http',
      scheme,
      host,
      port,
      path: scope.text(path, 'http', 'path'),
      status,
      body: body ?? null,
    };
  }
  if ('socket' in definition)
    return { type: 'socket', path: scope.text(definition.socket.path, 'socket', 'path') };
  if ('file' in definition) return { type: 'file', path: scope.text(definition.file.path, 'file', 'path') };
  if ('command' in definition)
    return { type: 'command', command: scope.words(definition.command, 'command') };
  const [type, reference] =
    'tcp' in definition
      ? (['tcp', definition.tcp.endpoint] as const)
      : 'mysql' in definition
        ? (['mysql', definition.mysql.endpoint] as const)
        : 'amqp' in definition
          ? (['amqp', definition.amqp.endpoint] as const)
          : (['memcached', definition.memcached.endpoint] as const);
  const { host, port } = offered(context, reference, service, scope, type);
  return { type, host, port };
}

/** The endpoint that a reference means. KLG-202 where no service that is on offers it. */
export function offered(
  context: Context,
  reference: string,
  service: string,
  scope: Scope,
  ...path: PropertyKey[]
): Endpoint {
  const id = qualify(reference, service);
  const endpoint = context.endpoints.get(id);
  if (endpoint) return endpoint;
  throw new KollageError({
    code: 'KLG-202',
    message: `no service that is on offers the endpoint ${id}`,
    place: scope.place(...path, 'endpoint'),
  });
}

/** What is known of the other processes when needs are resolved. */
export interface Known {
  /** Health by `service/component`; null for a component without one. */
  readonly health: ReadonlyMap<string, Health | null>;
  readonly tasks: ReadonlySet<string>;
  readonly volumes: ReadonlySet<string>;
}

/** Resolves the needs of a process to what the start program probes. KLG-202 for a need that names nothing that is on. */
export function resolveNeeds(
  context: Context,
  known: Known,
  needs: readonly NeedDefinition[],
  service: string,
  scope: Scope,
): Need[] {
  return needs.flatMap((need, index): Need[] => {
    const inner = scope.within(['needs', index]);
    if (!inner.when(need.when)) return [];
    if ('task' in need) {
      const task = qualify(need.task, service);
      if (!known.tasks.has(task)) throw nothing(inner, `the task ${task}`, 'task');
      return [{ kind: 'task', task }];
    }
    if ('output' in need) {
      const output = qualify(need.output, service);
      if (!known.tasks.has(output) && !known.health.has(output))
        throw nothing(inner, `the output of ${output}`, 'output');
      return [{ kind: 'output', output, key: need.key }];
    }
    if ('endpoint' in need) {
      const endpoint = offered(context, need.endpoint, service, inner);
      return [
        { kind: 'endpoint', endpoint: endpoint.id, on: need.on, probe: endpointProbe(endpoint, known) },
      ];
    }
    const component = qualify(need.component, service);
    const health = known.health.get(component);
    if (health === undefined) throw nothing(inner, `the component ${component}`, 'component');
    if (health === null || health.probe.type === 'command') {
      throw inner.mistake(
        `${component} cannot be waited for: it has no health check that another container can make`,
        'component',
      );
    }
    return [{ kind: 'component', component, on: need.on, probe: health.probe }];
  });
}

/** An endpoint answers when its component's own health check on it succeeds; without one, when it accepts a connection. */
function endpointProbe(endpoint: Endpoint, known: Known): Probe {
  const probe = known.health.get(endpoint.workload)?.probe;
  if (probe && 'port' in probe && probe.port === endpoint.port) return probe;
  return { type: 'tcp', host: endpoint.host, port: endpoint.port };
}

/** What is said of a name that nothing has that is on. */
export function nothing(scope: Scope, what: string, key: string | number): KollageError {
  return new KollageError({
    code: 'KLG-202',
    message: `${what} is needed, but no service that is on has it`,
    place: scope.place(key),
  });
}
