import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { ObservedInstance } from '../../model/plan.ts';
import type { Workload } from '../../model/resource.ts';
import { fillTokens, token } from '../../model/token.ts';

const published = z.object({ id: z.string(), outputs: z.record(z.string(), z.string()) });
const filledIn = z.record(z.string(), z.string().nullable());

/**
 * What workloads and tasks have published (the start program's store, images/start/README.md), and with which of it the files of each instance
 * were filled. All of it happens at once, between two waits of Kollage: a value that is published is in every file, or in none.
 */
export class Outputs {
  readonly #home: string;

  /** `home`: the folder of the deployment. */
  constructor(home: string) {
    this.#home = home;
  }

  /** Every value, by `ID:KEY`. */
  all(): Map<string, string> {
    const folder = join(this.#home, 'store', 'outputs');
    const names = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.json')) : [];
    return new Map(
      names.flatMap((name) => {
        const { id, outputs } = published.parse(read(join(folder, name)));
        return Object.entries(outputs).map(([key, value]): [string, string] => [`${id}:${key}`, value]);
      }),
    );
  }

  /** A text with the values of outputs, those of now when none are given; a token of what is not there yet stays. */
  fill(text: string, given?: ReadonlyMap<string, string>): string {
    if (!text.includes('@{output.')) return text;
    const values = given ?? this.all();
    return fillTokens(text, ({ kind, name }) => (kind === 'output' ? values.get(name) : undefined));
  }

  /** Notes the values that an instance's files have got. */
  note(instance: string, { follows }: Pick<Workload, 'follows'>): void {
    if (!follows) return;
    const values = this.all();
    this.#write(
      instance,
      Object.fromEntries(Object.keys(follows).map((name) => [name, values.get(name) ?? null])),
    );
  }

  /** The values that an instance's files have got. */
  noted(instance: string): Map<string, string> {
    return new Map(
      Object.entries(this.#filled(instance)).flatMap(([name, value]) =>
        value === null ? [] : [[name, value]],
      ),
    );
  }

  forget(instance: string): void {
    rmSync(this.#path(instance), { force: true });
  }

  /** The outputs that have another value than what an instance's files got; `now`: values that are not published yet. */
  outdated(
    instance: string,
    now: ReadonlyMap<string, string> = new Map(),
  ): NonNullable<ObservedInstance['outdated']> {
    const values = new Map([...this.all(), ...now]);
    return Object.fromEntries(
      Object.entries(this.#filled(instance)).flatMap(([name, before]) => {
        const after = values.get(name);
        return after === undefined || after === before ? [] : [[name, { before, after }]];
      }),
    );
  }

  /** Publishes values. Files that still wait for one have it before whoever waits for it goes on. */
  publish(id: string, values: Readonly<Record<string, string>>): void {
    const names = new Map(Object.entries(values).map(([key, value]) => [`${id}:${key}`, value]));
    for (const path of this.#files()) {
      const text = readFileSync(path, 'utf8');
      if (![...names.keys()].some((name) => text.includes(token('output', name)))) continue;
      writeFileSync(
        path,
        fillTokens(text, ({ kind, name }) => (kind === 'output' ? names.get(name) : undefined)),
      );
    }
    for (const instance of this.#instances()) {
      const filled = Object.entries(this.#filled(instance));
      this.#write(
        instance,
        Object.fromEntries(filled.map(([name, was]) => [name, was ?? names.get(name) ?? null])),
      );
    }
    const name = `${id.replaceAll('/', '__')}.json`;
    place(join(this.#home, 'store', 'outputs', name), JSON.stringify({ id, outputs: values }), 0o644);
  }

  #files(): string[] {
    const config = join(this.#home, 'config');
    const folders = existsSync(config) ? readdirSync(config) : [];
    return folders.flatMap((folder) =>
      readdirSync(join(config, folder)).map((name) => join(config, folder, name)),
    );
  }

  #instances(): string[] {
    const folder = join(this.#home, 'filled');
    const names = existsSync(folder) ? readdirSync(folder) : [];
    return names.flatMap((name) => (name.endsWith('.json') ? [name.slice(0, -'.json'.length)] : []));
  }

  #filled(instance: string): z.infer<typeof filledIn> {
    const path = this.#path(instance);
    return existsSync(path) ? filledIn.parse(read(path)) : {};
  }

  #write(instance: string, values: z.infer<typeof filledIn>): void {
    mkdirSync(join(this.#home, 'filled'), { recursive: true });
    place(this.#path(instance), JSON.stringify(values), 0o600);
  }

  #path(instance: string): string {
    return join(this.#home, 'filled', `${instance}.json`);
  }
}

function read(path: string): unknown {
  return JSON.parse(readFileSync(path, 'utf8'));
}

function place(path: string, text: string, mode: number): void {
  writeFileSync(`${path}.new`, text, { mode });
  renameSync(`${path}.new`, path);
}
