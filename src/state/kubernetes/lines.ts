import { gunzipSync, gzipSync } from 'node:zlib';
import { newId } from '../pieces.ts';
import { secretData } from './bytes.ts';
import type { Part, Place } from './place.ts';

/** A Secret that has grown to so many bytes is full; what comes later goes into the next one. */
const full = 400 * 1024;

/**
 * A list that grows, kept in Secrets of one part of a revision: `NAME-0`, `NAME-1`, … Each addition is a key of its own, so adding is one request that
 * overwrites nothing, whoever else adds.
 */
export class Lines<T> {
  readonly #place: Place;
  readonly #part: Part;
  readonly #revision: number;
  readonly #name: string;
  /** The Secret to which is added, how many bytes it has, and how many additions there are; null until that was looked up. */
  #last: { at: number; size: number; additions: number } | null = null;
  /** Additions go one after the other, as they came. */
  #adding: Promise<void> = Promise.resolve();

  constructor(place: Place, part: Part, revision: number, name: string) {
    this.#place = place;
    this.#part = part;
    this.#revision = revision;
    this.#name = name;
  }

  /** Resolves when it is there for good. */
  add(...lines: readonly T[]): Promise<void> {
    const added = this.#adding.then(() => this.#add(lines));
    this.#adding = added.catch(() => undefined);
    return added;
  }

  /** All of them, in the order of adding. */
  async read(): Promise<T[]> {
    return (await this.#secrets())
      .flat()
      .flatMap(({ bytes }) => JSON.parse(gunzipSync(bytes).toString()) as T[]);
  }

  async #add(lines: readonly T[]): Promise<void> {
    if (lines.length === 0) return;
    const last = await this.#end();
    const bytes = gzipSync(JSON.stringify(lines));
    if (last.size > 0 && last.size + bytes.length > full) Object.assign(last, { at: last.at + 1, size: 0 });
    const data = { [`${String(last.additions).padStart(8, '0')}-${newId()}`]: bytes.toString('base64') };
    const name = `${this.#name}-${last.at}`;
    if (last.size === 0)
      await this.#place.create({ ...this.#place.secret(name, this.#part, this.#revision), data });
    else await this.#place.client.patch(this.#place.at('Secret', name), { data });
    last.size += bytes.length;
    last.additions++;
  }

  async #end() {
    if (this.#last !== null) return this.#last;
    const secrets = await this.#secrets();
    this.#last = {
      at: Math.max(0, secrets.length - 1),
      size: (secrets.at(-1) ?? []).reduce((sum, { bytes }) => sum + bytes.length, 0),
      additions: secrets.flat().length,
    };
    return this.#last;
  }

  async #secrets(): Promise<{ key: string; bytes: Buffer }[][]> {
    const found: { key: string; bytes: Buffer }[][] = [];
    for (;;) {
      const secret = await this.#place.client.get(this.#place.at('Secret', `${this.#name}-${found.length}`));
      if (secret === null) return found;
      const data = Object.entries(secretData.parse(secret).data ?? {}).sort(([one], [other]) =>
        one < other ? -1 : 1,
      );
      found.push(data.map(([key, text]) => ({ key, bytes: Buffer.from(text, 'base64') })));
    }
  }
}
