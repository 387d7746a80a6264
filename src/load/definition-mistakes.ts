import type { Located } from '../model/catalog.ts';
import type { Finding } from '../model/error.ts';
import { suggestion } from '../model/nearest.ts';

type Path = readonly PropertyKey[];

/** KLG-209 for a name that the catalog does not have. */
export function unknown(
  what: string,
  located: Pick<Located<unknown>, 'at'>,
  path: Path,
  name: string,
  names: Iterable<string>,
): Finding {
  return mistake(`${what}, which the catalog does not have${suggestion(name, names)}`, located, path);
}

/** KLG-209 at a value of a definition. */
export function mistake(message: string, located: Pick<Located<unknown>, 'at'>, path: Path): Finding {
  return { code: 'KLG-209', severity: 'error', message, place: located.at(path) };
}
