import { KollageError } from '../model/error.ts';
import type { ConfigBundle, Tool } from '../model/resource.ts';
import { secretsIn } from '../model/token.ts';
import { configFiles } from './bundle.ts';
import type { Definition } from './definition.ts';
import { imageReference } from './image.ts';
import type { Scope } from './scope.ts';
import type { Compiling } from './workload.ts';

/**
 * The commands that the services which are on bring for an operator, each with its files. KLG-209 where two have the same name, for
 * that is how they are called on the command line.
 */
export function tools(
  compiling: Compiling,
  definitions: readonly { readonly definition: Definition; readonly scope: Scope }[],
): (Tool | ConfigBundle)[] {
  const owners = new Map<string, string>();
  return definitions.flatMap(({ definition, scope }) =>
    Object.keys(definition.service.tools).flatMap((name) => {
      const made = tool(compiling, definition, name, scope);
      const other = owners.get(name);
      if (made.length > 0 && other !== undefined) {
        const message = `${other} and ${definition.name} both bring a tool named ${name}`;
        throw new KollageError({ code: 'KLG-209', message, place: definition.at(['tools', name]) });
      }
      if (made.length > 0) owners.set(name, definition.name);
      return made;
    }),
  );
}

function tool(
  { context, overrides }: Compiling,
  definition: Definition,
  name: string,
  outer: Scope,
): (Tool | ConfigBundle)[] {
  const value = definition.service.tools[name];
  const scope = outer.within(['tools', name]);
  if (!value || !scope.when(value.when)) return [];
  const image = value.image ?? definition.service.image;
  if (image === undefined) throw scope.mistake('no image is named, neither here nor by the service');
  const command = scope.words(value.command, 'command');
  if (command.length === 0) throw scope.mistake('there is no command', 'command');
  const env = Object.fromEntries(
    Object.entries(value.env).map(([key, text]) => [key, scope.text(text, 'env', key)] as const),
  );
  const open = secretsIn([...command, ...Object.values(env)].join('\n'))[0];
  if (open !== undefined)
    throw new KollageError({
      code: 'KLG-123',
      message: `the secret ${open} may not stand in the command or environment of a tool, where others can read it`,
      place: scope.place(),
      next: 'Put it into a configuration file with mode 0600.',
    });
  const id = `${definition.name}/${name}`;
  const files = configFiles(
    context,
    overrides,
    { definition, component: null, host: null },
    value.config,
    scope,
  );
  const made: Tool = {
    kind: 'tool',
    id,
    service: definition.name,
    name,
    doc: value.doc,
    image: imageReference(context, scope.text(image, 'image'), scope),
    command,
    env,
    config: files.length > 0 ? id : null,
    secrets: secretsIn(files.map((file) => file.content).join('\n')),
  };
  return files.length > 0 ? [made, { kind: 'config', id, files }] : [made];
}
