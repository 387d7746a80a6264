import type { Jinja } from '../config/jinja.ts';
import type { PlaceOf } from '../model/catalog.ts';
import { KollageError, type Place } from '../model/error.ts';

type Path = readonly PropertyKey[];

/** Evaluates the templates of one definition: knows where its values stand and what they see. */
export class Scope {
  readonly #jinja: Jinja;
  readonly #at: PlaceOf;
  readonly #path: Path;
  readonly context: Readonly<Record<string, unknown>>;

  constructor(jinja: Jinja, at: PlaceOf, path: Path, context: Readonly<Record<string, unknown>>) {
    this.#jinja = jinja;
    this.#at = at;
    this.#path = path;
    this.context = context;
  }

  /** The same definition, further in, or with more to see. */
  within(path: Path, more: Readonly<Record<string, unknown>> = {}): Scope {
    return new Scope(this.#jinja, this.#at, [...this.#path, ...path], { ...this.context, ...more });
  }

  /** What this scope sees, for a part that stands elsewhere (in a trait: with the trait's parameters, evaluated here). */
  ofPart(part: { at: PlaceOf; path: Path; with: Readonly<Record<string, unknown>> | null }): Scope {
    const parameters = part.with === null ? {} : { with: this.value(part.with) };
    return new Scope(this.#jinja, part.at, part.path, { ...this.context, ...parameters });
  }

  place(...path: Path): Place {
    return this.#at([...this.#path, ...path]);
  }

  /** KLG-209 at a value of this definition. */
  mistake(message: string, ...path: Path): KollageError {
    return new KollageError({ code: 'KLG-209', message, place: this.place(...path) });
  }

  /** Whether a thing with such a `when` exists. */
  when(condition: boolean | string | undefined, ...path: Path): boolean {
    if (condition === undefined || typeof condition === 'boolean') return condition ?? true;
    return this.#jinja.test(condition, this.place(...path, 'when'), this.context);
  }

  text(template: string, ...path: Path): string {
    if (!template.includes('{')) return template;
    return this.#jinja.render(template, this.place(...path), this.context);
  }

  optionalText(template: string | undefined, ...path: Path): string | null {
    return template === undefined ? null : this.text(template, ...path);
  }

  number(template: number | string, ...path: Path): number {
    const value = typeof template === 'number' ? template : this.value(template, ...path);
    const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
    if (typeof number === 'number' && Number.isFinite(number)) return number;
    throw this.mistake(`this must be a number, not ${JSON.stringify(value)}`, ...path);
  }

  /** A command: a text is split at white space, a list is taken word by word; empty words are left out. */
  words(command: string | readonly string[] | undefined, ...path: Path): string[] {
    if (command === undefined) return [];
    if (typeof command === 'string')
      return this.text(command, ...path)
        .split(/\s+/)
        .filter(Boolean);
    return command.map((word, index) => this.text(word, ...path, index)).filter((word) => word !== '');
  }

  /** Any data: every string in it is evaluated, whole expressions keep their type. */
  value(data: unknown, ...path: Path): unknown {
    if (typeof data === 'string') {
      return data.includes('{') ? this.#jinja.value(data, this.place(...path), this.context) : data;
    }
    if (Array.isArray(data)) return data.map((item, index) => this.value(item, ...path, index));
    if (data === null || typeof data !== 'object') return data;
    return Object.fromEntries(
      Object.entries(data).map(([key, item]) => [key, this.value(item, ...path, key)]),
    );
  }
}
