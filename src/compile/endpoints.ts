import type { Endpoint, Port } from '../model/resource.ts';
import type { Component } from '../model/service.ts';
import { type Context, hostPart, nodeAddress, publicUrl } from './context.ts';
import type { Definition, Part } from './definition.ts';
import { Scope } from './scope.ts';

/** Evaluates the endpoints that a component offers; they may use options, but not other endpoints. */
export function componentEndpoints(
  context: Context,
  definition: Definition,
  name: string,
  part: Part<Component>,
): Endpoint[] {
  const scope = new Scope(context.jinja, part.at, part.path, {
    ...context.ofService(definition.name),
    component: name,
  });
  if (!scope.when(part.value.when)) return [];
  return Object.entries(part.value.endpoints).flatMap(([endpointName, endpoint]): Endpoint[] => {
    const inner = scope.within(['endpoints', endpointName]);
    if (!inner.when(endpoint.when)) return [];
    const port = inner.number(endpoint.port, 'port');
    if (!Number.isInteger(port) || port < 1 || port > 65535)
      throw inner.mistake(`${port} is not a port (1 to 65535)`, 'port');
    const scheme = inner.text(endpoint.scheme, 'scheme');
    const path = inner.text(endpoint.path, 'path');
    const workload = `${definition.name}/${name}`;
    const balancer = endpoint.balanced ? context.balancer?.id : undefined;
    const host = endpointHost(context, balancer ?? workload, endpointName, endpoint.exposure);
    return [
      {
        kind: 'endpoint',
        id: `${definition.name}/${endpointName}`,
        workload,
        ...(balancer === undefined ? {} : { balancer }),
        host,
        port,
        protocol: endpoint.protocol,
        scheme,
        path,
        exposure: endpoint.exposure,
        url: `${scheme}://${hostPart(host)}:${port}${path}`,
        ...(endpoint.exposure === 'public'
          ? { publicUrl: publicUrl(context.input, { scheme, host, port, path }) }
          : {}),
      },
    ];
  });
}

/** `answers`: who takes the requests, `service/component`. */
function endpointHost(
  context: Context,
  answers: string,
  endpoint: string,
  exposure: Port['exposure'],
): string {
  const { deployment, engine } = context.input;
  if (exposure === 'node') return nodeAddress(deployment, engine);
  if (engine.endpointHost === null) return deployment.address;
  const [service = '', component = ''] = answers.split('/');
  const values: Record<string, string> = {
    service,
    component,
    endpoint,
    deployment: deployment.name,
    namespace: deployment.engine.namespace ?? deployment.name,
  };
  return engine.endpointHost.replace(/\{(\w+)\}/g, (whole, name: string) => values[name] ?? whole);
}
