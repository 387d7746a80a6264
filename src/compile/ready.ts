import type { Login, ReadyCheck, Request, Resource } from '../model/resource.ts';
import type { LoginDefinition, ReadyDefinition } from '../model/service.ts';
import { type Context, hostPart } from './context.ts';
import { offered } from './needs.ts';
import { Scope } from './scope.ts';

/** What the platform must say of a component, with URLs in the place of endpoints. KLG-202 for an endpoint of a service that is off. */
export function readyChecks(
  context: Context,
  definitions: readonly ReadyDefinition[],
  service: string,
  scope: Scope,
): ReadyCheck[] {
  return definitions.flatMap((definition, index): ReadyCheck[] => {
    const inner = scope.within(['ready', index]);
    if (!inner.when(definition.when)) return [];
    return [
      {
        request: request(context, { ...definition.http, body: null }, service, inner),
        login: definition.http.login ?? null,
        that: definition.that ?? null,
        otherwise: inner.optionalText(definition.else, 'else'),
      },
    ];
  });
}

/** The logins of the catalog that some ready check uses, sorted by name. KLG-202 for an endpoint of a service that is off. */
export function logins(context: Context, resources: readonly Resource[]): Login[] {
  const { file } = context.input.catalog;
  const used = new Set(
    resources.flatMap((resource) =>
      resource.kind === 'workload' ? resource.ready.map(({ login }) => login) : [],
    ),
  );
  return Object.entries(file.value.logins)
    .filter(([name]) => used.has(name))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, { http, gives, headers }]) => ({
      name,
      // An endpoint is named in full here: a login belongs to no service.
      request: request(context, http, '', new Scope(context.jinja, file.at, ['logins', name], {})),
      gives,
      headers,
    }));
}

function request(
  context: Context,
  http: Pick<LoginDefinition['http'], 'endpoint' | 'path' | 'status' | 'body'> & { readonly method: string },
  service: string,
  scope: Scope,
): Request {
  const { scheme, host, port } = offered(context, http.endpoint, service, scope, 'http');
  const path = scope.text(http.path, 'http', 'path');
  return {
    method: http.method,
    url: `${scheme}://${hostPart(host)}:${port}${path}`,
    body: scope.value(http.body ?? null, 'http', 'body'),
    status: http.status,
  };
}
