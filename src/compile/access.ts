import type { Access, ConfigBundle } from '../model/resource.ts';
import { secretsIn } from '../model/token.ts';
import { configFiles } from './bundle.ts';
import type { Definition } from './definition.ts';
import type { Scope } from './scope.ts';
import type { Compiling } from './workload.ts';

/** What a service hands to the operator: files for the deployment folder, links, and who may log in. Nothing where it hands nothing. */
export function access(
  { context, overrides }: Compiling,
  definition: Definition,
  outer: Scope,
): (Access | ConfigBundle)[] {
  const value = definition.service.access;
  const scope = outer.within(['access']);
  if (!value) return [];
  const id = `${definition.name}/access`;
  const target = { definition, component: null, host: null };
  const files = configFiles(context, overrides, target, value.files, scope);
  const text = ([key, template]: [string, string]) => [key, scope.text(template, 'links', key)] as const;
  const made: Access = {
    kind: 'access',
    id,
    service: definition.name,
    config: files.length > 0 ? id : null,
    secrets: secretsIn(files.map((file) => file.content).join('\n')),
    links: Object.fromEntries(Object.entries(value.links).map(text)),
    user: scope.optionalText(value.user, 'user'),
    password: value.password ?? null,
    examples: value.examples.map((example, index) => scope.text(example, 'examples', index)),
  };
  return files.length > 0 ? [made, { kind: 'config', id, files }] : [made];
}
