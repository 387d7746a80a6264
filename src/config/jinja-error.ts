import type { TextFile } from '../model/catalog.ts';
import { KollageError, type Place } from '../model/error.ts';
import { namesGivenIn } from './expression.ts';
import { undefinedName } from './undefined-name.ts';

/** A text that is evaluated, and where it stands. */
export interface Source {
  readonly name: string;
  readonly text: string;
  readonly place: Place;
}

export interface Surroundings {
  /** What the template saw. */
  readonly roots: readonly object[];
  readonly templates: ReadonlyMap<string, TextFile>;
  /** Takes masks out of a message. */
  readonly show: (text: string) => string;
}

/** Whether the engine cannot be used any more after this error. */
export function isBroken(error: unknown): boolean {
  return isTimeout(error) || (error instanceof Error && ['RuntimeError', 'RangeError'].includes(error.name));
}

/**
 * What went wrong inside the engine, as a person can use it: KLG-206 or KLG-207 with its place. `problem` is what one of our
 * functions or the caller's has thrown meanwhile: it wins, and is given the place when it has none.
 */
export function templateError(
  error: unknown,
  problem: unknown,
  source: Source,
  around: Surroundings,
): KollageError {
  const message = error instanceof Error ? error.message : String(error);
  const spot = locate(message, source, around);
  if (problem instanceof KollageError) {
    const { code, message: told, place, next } = problem.finding;
    const finding = { code, message: around.show(told), place: place ?? spot.place };
    return new KollageError(next === undefined ? finding : { ...finding, next }, {
      also: problem.also,
      cause: problem.cause,
    });
  }
  const place = spot.place;
  // JavaScript's longest text is half a gigabyte: a filter of ours was to make a longer one.
  if (problem instanceof RangeError) return endless('a template takes too much memory', place, problem);
  if (problem instanceof Error) throw problem;
  if (isTimeout(error)) return endless('a template does not come to an end', place, error);
  if (isBroken(error)) return endless('a template takes too much memory', place, error);
  const [headline = ''] = message.split(/ \(in |\n/);
  if (/ran out of fuel/.test(headline)) return endless('a template does not come to an end', place, error);
  if (/recursion limit/.test(headline)) return endless('a template calls itself without end', place, error);
  const told = /^undefined value/.test(headline)
    ? undefinedName(spot.expression, spot.own, around.roots)
    : around.show(headline.replace(/^invalid operation: /, ''));
  return new KollageError({ code: 'KLG-206', message: told, place }, { cause: error });
}

function endless(message: string, place: Place, cause: unknown): KollageError {
  return new KollageError({ code: 'KLG-207', message, place }, { cause });
}

function isTimeout(error: unknown): boolean {
  // The watchdog's error belongs to another realm, so it is no instance of our Error.
  return (
    typeof error === 'object' &&
    error !== null &&
    'code' in error &&
    error.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT'
  );
}

interface Spot {
  readonly place: Place;
  /** The text that the engine points at, or the whole line. */
  readonly expression: string;
  /** Names that the template gives by itself. */
  readonly own: ReadonlySet<string>;
}

/** Reads `(in NAME:LINE)` and, below it, the excerpt whose carets point at the expression. */
function locate(message: string, source: Source, around: Surroundings): Spot {
  const at = /\(in (.+):(\d+)\)/.exec(message);
  const library = at?.[1] === undefined ? undefined : around.templates.get(at[1]);
  const { text, place } = library ? { text: library.text, place: { file: library.file, line: 1 } } : source;
  const excerpt = /\n *\d+ > ([^\n]*)\n {5}i ( *)(\^+)/.exec(message);
  const [line = '', indent = '', carets = ''] = excerpt?.slice(1) ?? [];
  const chars = [...line];
  // Of `a.b.c` only the part that was looked up last may be pointed at.
  let from = indent.length;
  if (/[.[]/.test(chars[from] ?? '')) while (/[\w.[\]'"]/.test(chars[from - 1] ?? '')) from -= 1;
  const expression = chars.slice(from, indent.length + carets.length).join('');
  const evaluated = at?.[1] === undefined || at[1].startsWith('<');
  // An expression is given to the engine by itself: look for it in the text it was taken from.
  const index = evaluated && expression ? text.indexOf(expression) : -1;
  const found = index < 0 ? Number(at?.[2] ?? 1) : text.slice(0, index).split('\n').length;
  const here = text.split('\n')[found - 1] ?? '';
  const column =
    expression && here.includes(expression) ? here.indexOf(expression, evaluated ? 0 : from) + 1 : undefined;
  return {
    place: placeOf(place, text, found, column, library !== undefined || source.name !== ''),
    expression: expression || here,
    own: namesGivenIn(text),
  };
}

/** Where line `line` of a text is in its file. A text that ends its last line is a YAML block, which starts below its key. */
function placeOf(
  place: Place,
  text: string,
  line: number,
  column: number | undefined,
  isFile: boolean,
): Place {
  if (isFile) return column ? { file: place.file, line, column } : { file: place.file, line };
  if (place.line === undefined) return place;
  const isBlock = text.includes('\n');
  if (!isBlock) return place;
  return { file: place.file, line: place.line + line - (text.endsWith('\n') ? 0 : 1) };
}

/**
 * KLG-123 for a template that took a secret to pieces. Where in a file is not known to the engine any more, so the line is
 * the one that begins as the broken line does.
 */
export function brokenSecret(
  source: Source,
  rendered: string,
  isBroken: (text: string) => boolean,
): KollageError {
  const broken = rendered.split('\n').find((line) => isBroken(line)) ?? '';
  const start = /^[^\ud801]*/.exec(broken)?.[0] ?? '';
  const key = /^[\s\w.-]*[=:]/.exec(start)?.[0] ?? start;
  const index = key.trim() === '' ? -1 : source.text.split('\n').findIndex((line) => line.startsWith(key));
  const place =
    index < 0 ? source.place : placeOf(source.place, source.text, index + 1, undefined, source.name !== '');
  return new KollageError({
    code: 'KLG-123',
    message: 'a secret is cut or changed by a template, while its value is not known yet',
    place,
  });
}
