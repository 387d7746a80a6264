import { Jinja } from '../config/jinja.ts';
import type { Catalog, Located } from '../model/catalog.ts';
import { type Finding, KollageError } from '../model/error.ts';
import { suggestion } from '../model/nearest.ts';
import type { ReadyDefinition } from '../model/service.ts';
import type { Names } from './catalog-names.ts';
import { mistake, unknown } from './definition-mistakes.ts';

type Path = readonly PropertyKey[];
type At = Pick<Located<unknown>, 'at'>;

const jinja = new Jinja({ templates: new Map(), globals: {} });
/** What expressions over an answer see. */
const answer = ['body', 'status', 'headers'];

/** Whether the catalog's logins can be: KLG-209 for unknown endpoints and for headers that hold what the login does not give, KLG-206 for expressions. */
export function checkLogins({ file }: Catalog, names: Names): Finding[] {
  return Object.entries(file.value.logins).flatMap(([name, { http, gives, headers }]) => {
    const path = ['logins', name];
    const known = names.has('endpoint', http.endpoint);
    return [
      ...(known
        ? []
        : [
            unknown(
              `the login ${name} asks the endpoint ${http.endpoint}`,
              file,
              [...path, 'http', 'endpoint'],
              http.endpoint,
              names.all('endpoint'),
            ),
          ]),
      ...Object.entries(gives).flatMap(([key, text]) =>
        checkExpression(text, answer, file, [...path, 'gives', key]),
      ),
      ...Object.entries(headers).flatMap(([key, text]) =>
        checkBraces(text, Object.keys(gives), file, [...path, 'headers', key]),
      ),
    ];
  });
}

/** Whether a ready check can be, apart from its endpoint: KLG-209 for unknown logins and names in braces, KLG-206 for its expression. */
export function checkReady(
  { http, that, else: otherwise = '' }: ReadyDefinition,
  from: At,
  path: Path,
  { file }: Catalog,
): Finding[] {
  const { logins } = file.value;
  const { login } = http;
  const there = login !== undefined && Object.hasOwn(logins, login) ? logins[login] : undefined;
  const given = ['node', ...Object.keys(there?.gives ?? {})];
  const loginPath = [...path, 'http', 'login'];
  return [
    ...(login === undefined || there
      ? []
      : [unknown(`this names the login ${login}`, from, loginPath, login, Object.keys(logins))]),
    ...(login !== undefined && !there ? [] : checkBraces(http.path, given, from, [...path, 'http', 'path'])),
    ...(login !== undefined && !there ? [] : checkBraces(otherwise, given, from, [...path, 'else'])),
    ...(that === undefined
      ? []
      : checkExpression(that, [...answer, 'node', 'since'], from, [...path, 'that'])),
    ...((that === undefined) === (otherwise === '')
      ? []
      : [mistake('a ready check has both `that` and `else`, or neither', from, path)]),
  ];
}

function checkExpression(text: string, names: readonly string[], from: At, path: Path): Finding[] {
  try {
    jinja.check(text, from.at(path), names);
    return [];
  } catch (error) {
    if (error instanceof KollageError) return [error.finding];
    throw error;
  }
}

function checkBraces(text: string, names: readonly string[], from: At, path: Path): Finding[] {
  const used = [...text.matchAll(/(?<!\{)\{(\w+)\}(?!\})/g)].flatMap(([, name = '']) => name);
  return used
    .filter((name) => !names.includes(name))
    .map((name) =>
      mistake(
        `nothing gives {${name}} here${suggestion(name, names)}; there are ${names.join(', ')}`,
        from,
        path,
      ),
    );
}
