import type { TextFile } from '../model/catalog.ts';
import { KollageError, type Place } from '../model/error.ts';
import { suggestion } from '../model/nearest.ts';
import { type Environment, forgetEngine, newEnvironment, quietly, within } from './engine.ts';
import { namesIn, wholeExpression } from './expression.ts';
import { registerFilters } from './filters/register.ts';
import { brokenSecret, isBroken, type Source, templateError } from './jinja-error.ts';
import { type Callable, isCallable, Mask } from './mask.ts';
import { mayRunLong } from './risk.ts';

type Values = Readonly<Record<string, unknown>>;

/**
 * Evaluates Jinja2 templates and expressions as Ansible does: undefined variables are errors, the last newline stays. Booleans
 * print as `true` and `false`, none as `none`, and the keys of maps are sorted. docs/reference/overrides.md lists the differences.
 *
 * Tokens of secrets (src/model/token.ts) pass through untouched, or through one of the filters that a token can carry.
 *
 * Errors: KLG-206 for mistakes in a template, KLG-207 when one takes too long or too much memory, KLG-123 where a
 * template changes a secret in a way that cannot be noted in its token; what a function of the context throws keeps its code.
 *
 * Dispose of one that is used no more: its memory is the engine's, which is limited, and else comes back only when nothing runs for a while.
 */
export class Jinja implements Disposable {
  readonly #templates: ReadonlyMap<string, TextFile>;
  readonly #globals: Values;
  readonly #mask = new Mask();
  /** Names in the environment, by the text that they were parsed from. */
  readonly #parsed = new Map<string, string>();
  readonly #long = new Map<string, boolean>();
  #environment: Environment | undefined;
  #libraryAdded = false;
  #libraryLong: boolean | undefined;
  #problem: unknown;

  constructor(options: { templates: ReadonlyMap<string, TextFile>; globals: Values }) {
    this.#templates = options.templates;
    this.#globals = options.globals;
  }

  [Symbol.dispose](): void {
    const environment = this.#environment;
    this.#unload();
    try {
      environment?.free();
    } catch (error) {
      // Its engine broke meanwhile, and is gone with all its memory.
      if (!isBroken(error)) throw error;
    }
  }

  /** The text with its templates evaluated. `place` is where the text stands. */
  render(text: string, place: Place, context: object): string {
    return isPlain(text) ? text : this.#render({ name: '', text, place }, context);
  }

  /** As `render`, for a whole file. */
  renderFile(file: TextFile, context: object): string {
    return isPlain(file.text)
      ? file.text
      : this.#render({ name: file.file, text: file.text, place: { file: file.file, line: 1 } }, context);
  }

  /** What a text gives: of one whole `{{ expression }}` its value with its own type, of any other the rendered text. */
  value(text: string, place: Place, context: object): unknown {
    if (isPlain(text)) return text;
    const expression = wholeExpression(text);
    if (expression === null) return this.render(text, place, context);
    return this.#evaluate(expression, { name: '', text, place }, context);
  }

  /** Whether a condition holds: an expression, with or without braces, by Python's rules of truth; true when there is none. */
  test(condition: boolean | string | undefined, place: Place, context: object): boolean {
    if (typeof condition !== 'string') return condition ?? true;
    const expression = wholeExpression(condition) ?? condition;
    return (
      this.#evaluate(`true if (${expression}) else false`, { name: '', text: condition, place }, context) ===
      true
    );
  }

  /**
   * KLG-206 for an expression that could not be evaluated where only these variables are: its syntax, and names of others. Filters and tests
   * are looked up by the engine only when it runs.
   */
  check(text: string, place: Place, names: readonly string[]): void {
    const expression = wholeExpression(text) ?? text;
    const source = { name: '', text, place };
    this.#run(source, {}, (environment) =>
      this.#parse(environment, { ...source, text: `{{ ${expression} }}` }),
    );
    const other = namesIn(expression).find(([root = '']) => !names.includes(root))?.[0];
    if (other === undefined) return;
    const message = `${other} is not defined here${suggestion(other, names)}; there are ${names.join(', ')}`;
    throw new KollageError({ code: 'KLG-206', message, place });
  }

  #render(source: Source, context: object): string {
    const rendered = this.#run(source, context, (environment, values) =>
      environment.renderTemplate(this.#parse(environment, source), values),
    );
    if (this.#mask.isBroken(rendered)) throw this.#brokenSecret(source, rendered);
    return this.#mask.show(rendered);
  }

  #evaluate(expression: string, source: Source, context: object): unknown {
    const found = this.#run(source, context, (environment, values) => {
      const value: unknown = environment.evalExpr(expression, values);
      if (value !== undefined || environment.evalExpr(`(${expression}) is none`, values) === true)
        return value;
      // Undefined and not none: printing it gives the error that says where.
      return environment.renderStr(`{{ ${expression} }}`, values);
    });
    return this.#reveal(found, source);
  }

  /** Runs the engine; whatever goes wrong inside becomes a KollageError with its place. */
  #run<T>(source: Source, context: object, work: (environment: Environment, values: object) => T): T {
    this.#problem = undefined;
    const environment = this.#ready(source);
    const values = this.#hideAll(context);
    const all = () => quietly(() => work(environment, values));
    try {
      return this.#mayRunLong(source.text) ? within(all) : all();
    } catch (thrown) {
      const error = isBroken(thrown) ? thrown : this.#cause(thrown, environment, values);
      if (isBroken(error)) this.#forget();
      throw templateError(error, this.#problem, source, {
        roots: [context, this.#globals],
        templates: this.#templates,
        show: (text) => this.#mask.show(text),
      });
    }
  }

  /**
   * What went wrong inside a template that another one includes or imports: of that the engine only tells the name, so the inner
   * one is run by itself. One that comes by twice includes itself.
   */
  #cause(error: unknown, environment: Environment, values: object): unknown {
    const seen = new Set<string>();
    let found = error;
    for (let name = includedIn(found); name !== undefined; name = includedIn(found)) {
      if (seen.has(name)) return new Error(`recursion limit exceeded (in ${name}:1)`);
      seen.add(name);
      const inner = name;
      try {
        quietly(() => within(() => environment.renderTemplate(inner, values)));
        return error;
      } catch (deeper) {
        found = deeper;
      }
    }
    return found;
  }

  /** Values as the engine gets them: tokens masked, the functions among them wrapped. */
  #hideAll(values: object): object {
    return Object.fromEntries(
      Object.entries(values).map(([key, value]) => [
        key,
        isCallable(value) ? this.#wrap(value) : this.#mask.hide(value),
      ]),
    );
  }

  #ready(source: Source): Environment {
    if (!this.#environment) {
      const environment = newEnvironment();
      registerFilters(environment, this.#mask, (work) => this.#guard(work));
      for (const [name, value] of Object.entries(this.#hideAll(this.#globals)))
        environment.addGlobal(name, value);
      this.#environment = environment;
    }
    if (!this.#libraryAdded && /\{%[-+]?\s*(?:include|import|from|extends)\b/.test(source.text))
      this.#addLibrary(this.#environment);
    return this.#environment;
  }

  /** The templates that others include: those below lib/. A mistake in one of them is found here. */
  #addLibrary(environment: Environment): void {
    for (const [name, file] of this.#templates) {
      if (!name.startsWith('lib/')) continue;
      try {
        environment.addTemplate(name, unescaped(name, file.text));
      } catch (error) {
        const source = { name, text: file.text, place: { file: file.file, line: 1 } };
        throw templateError(error, undefined, source, {
          roots: [],
          templates: this.#templates,
          show: (text) => text,
        });
      }
    }
    this.#libraryAdded = true;
  }

  #parse(environment: Environment, source: Source): string {
    const known = this.#parsed.get(source.text);
    if (known !== undefined) return known;
    // The name's ending must not make the engine escape for HTML or JSON, so it is not the file's.
    const name = `template ${this.#parsed.size}`;
    environment.addTemplate(name, source.text);
    this.#parsed.set(source.text, name);
    return name;
  }

  #mayRunLong(text: string): boolean {
    const known = this.#long.get(text);
    if (known !== undefined) return known;
    const long = mayRunLong(text, () => this.#libraryMayRunLong());
    this.#long.set(text, long);
    return long;
  }

  #libraryMayRunLong(): boolean {
    this.#libraryLong ??= [...this.#templates].some(
      ([name, file]) => name.startsWith('lib/') && mayRunLong(file.text),
    );
    return this.#libraryLong;
  }

  #unload(): void {
    this.#environment = undefined;
    this.#libraryAdded = false;
    this.#parsed.clear();
  }

  #forget(): void {
    this.#unload();
    forgetEngine();
  }

  /** A function of the caller as the engine may call it: sees tokens, not masks; gives masks; never throws. */
  #wrap(fn: Callable): Callable {
    return (...args) =>
      this.#guard(() => this.#mask.hide(fn(...args.map((arg) => this.#mask.showDeep(arg)))));
  }

  /** A value that cannot be carried into the engine stops the template with an error that has its line. */
  #guard(work: () => unknown): unknown {
    try {
      return work();
    } catch (error) {
      this.#problem ??= error;
      return Symbol('stop');
    }
  }

  #reveal(value: unknown, source: Source): unknown {
    const shown = this.#mask.showDeep(value);
    const text = typeof shown === 'string' ? shown : typeof shown === 'object' ? JSON.stringify(shown) : '';
    if (this.#mask.isBroken(text)) throw this.#brokenSecret(source, text);
    return shown;
  }

  #brokenSecret(source: Source, rendered: string): KollageError {
    return brokenSecret(source, rendered, (text) => this.#mask.isBroken(text));
  }
}

/** The included template that an error comes from; undefined when it is the failing one itself. */
function includedIn(error: unknown): string | undefined {
  const message = error instanceof Error ? error.message : '';
  return /^could not render include: error in "(.+?)" \(in /.exec(message)?.[1];
}

function isPlain(text: string): boolean {
  return !(text.includes('{{') || text.includes('{%') || text.includes('{#'));
}

/** The engine escapes for HTML or JSON by a template's ending; configuration files are never escaped. */
function unescaped(name: string, text: string): string {
  return /\.(html?|xml|json5?|js|ya?ml)(\.j2|\.jinja2?)?$/.test(name)
    ? `{% autoescape false %}${text}{% endautoescape %}`
    : text;
}
