import type { Catalog, TextFile } from '../model/catalog.ts';
import { type Finding, KollageError } from '../model/error.ts';
import type { OptionSetting } from '../model/loaded.ts';
import { nearest } from '../model/nearest.ts';
import type { Folder } from './folder.ts';
import { readYaml, type Yaml } from './yaml/read.ts';

export const globalsFile = 'globals.yml';

/** What variables made of variables may grow to, in letters. */
const maxLength = 10_000;
const maxDepth = 20;
/** Warnings of one kind that anyone reads. */
const maxWarnings = 100;

interface Resolved {
  readonly value: unknown;
  /** As it is written. */
  readonly text: string | undefined;
}

/** kolla-ansible's globals.yml. */
export class Globals {
  readonly #yaml: Yaml | null;
  readonly settings: ReadonlyMap<string, OptionSetting>;
  readonly #used = new Set<string>();
  readonly #resolved = new Map<string, Resolved | null>();

  /** Of a folder without the file. */
  static get none(): Globals {
    return new Globals(null);
  }

  private constructor(yaml: Yaml | null) {
    this.#yaml = yaml;
    const value = typeof yaml?.value === 'object' ? (yaml.value ?? {}) : {};
    this.settings = new Map(
      Object.entries(value).map(([key, value]) => [
        key,
        { value, place: yaml?.at([key]) ?? { file: globalsFile } },
      ]),
    );
  }

  /** Throws KLG-102 when it is no YAML, KLG-104 when it is no map. A folder without one has no settings. */
  static read(folder: Folder, findings: Finding[]): Globals {
    const file = folder.read(globalsFile);
    if (!file) return new Globals(null);
    const yaml = readYaml(file.file, file.text, {
      dialect: '1.1',
      warn: (finding) => findings.push(finding),
    });
    if (yaml.value !== null && yaml.root.kind !== 'map') {
      const message = `${file.file} must be a map of variables`;
      throw new KollageError({ code: 'KLG-104', message, place: yaml.at([]) });
    }
    return new Globals(yaml);
  }

  /**
   * A variable's value, as it is written, and its place; undefined where it is not set. A value that is made of other variables
   * of this file (`{{ network_interface }}`) has theirs. It then counts as used.
   * Throws KLG-104 when a template needs more than that, since what decides services and options must be known at once.
   */
  take(key: string): (OptionSetting & { readonly text: string | undefined }) | undefined {
    const setting = this.settings.get(key);
    if (!setting) return undefined;
    this.#used.add(key);
    const { place } = setting;
    const resolved = this.#resolve(key, 0);
    if (resolved) return { ...resolved, place };
    const message = `${key} decides an option, so its template can only name other variables of this file`;
    throw new KollageError({ code: 'KLG-104', message, place });
  }

  /** A value with the variables in it filled in; null where that cannot be done, as in a circle. */
  #resolve(key: string, depth: number): Resolved | null {
    const known = this.#resolved.get(key);
    if (known !== undefined) return known;
    // Who comes by again before the answer is there goes round in a circle.
    this.#resolved.set(key, null);
    const resolved = depth > maxDepth ? null : this.#fill(key, depth);
    this.#resolved.set(key, resolved);
    return resolved;
  }

  #fill(key: string, depth: number): Resolved | null {
    const setting = this.settings.get(key);
    if (!setting) return null;
    const { value } = setting;
    if (typeof value !== 'string' || !/\{[{%#]/.test(value)) return { value, text: this.#yaml?.text([key]) };
    const whole = /^\{\{\s*(\w+)\s*\}\}$/.exec(value)?.[1];
    if (whole !== undefined) return this.#resolve(whole, depth + 1);
    let length = 0;
    let failed = false;
    const text = value.replace(/\{\{\s*(\w+)\s*\}\}/g, (_, name: string) => {
      const inner = failed ? null : this.#resolve(name, depth + 1);
      const part = inner?.text ?? String(inner?.value ?? '');
      length += part.length;
      failed ||= inner === null || length > maxLength;
      return failed ? '' : part;
    });
    return failed || /\{[{%#]/.test(text) ? null : { value: text, text };
  }

  /** KLG-111 for each variable that nothing was taken from, and that no override or other variable names. */
  unused(overrides: readonly TextFile[], known: Iterable<string>): Finding[] {
    if (!this.#yaml) return [];
    const mentioned = new Set<string>();
    const look = (text: string) => {
      for (const [word] of text.matchAll(/[A-Za-z_]\w*/g)) mentioned.add(word);
    };
    for (const { text } of overrides) if (text.includes('{')) look(text);
    for (const { value } of this.settings.values())
      if (typeof value === 'string' && value.includes('{')) look(value);
    const names = [...known];
    const yaml = this.#yaml;
    const unused = [...this.settings.keys()].filter((key) => !this.#used.has(key) && !mentioned.has(key));
    return unused.slice(0, maxWarnings).map((key): Finding => {
      const near = nearest(key, names);
      const message = `nothing reads the variable ${key}${near === undefined ? '' : `; did you mean ${near}?`}`;
      return { code: 'KLG-111', severity: 'warning', message, place: yaml.keyAt([key]) };
    });
  }
}

/** The variables of globals.yml that a catalog reads. */
export function knownGlobals(catalog: Catalog): Set<string> {
  const { options, globals } = catalog.file.value;
  const known = new Set(Object.keys(globals.keys));
  const add = (all: Readonly<Record<string, { readonly globals: readonly string[] }>>) => {
    for (const option of Object.values(all)) for (const key of option.globals) known.add(key);
  };
  add(options);
  for (const { value } of catalog.traits.values()) add(value.options);
  for (const [name, { value }] of catalog.services) {
    add(value.options);
    known.add(enableKey(catalog, name));
  }
  return known;
}

/** The variable that switches a service: `enable_nova`. */
export function enableKey(catalog: Catalog, service: string): string {
  return catalog.file.value.globals.enable.replace('{service}', service.replaceAll('-', '_'));
}
