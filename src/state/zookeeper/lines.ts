import { code, is } from '../../zookeeper/errors.ts';
import type { Op } from '../../zookeeper/protocol.ts';
import { newId, pack, unpack } from '../pieces.ts';
import type { Place } from './place.ts';

/** What one node holds of a list. */
interface Addition<T> {
  /** What tells it from others' that say the same. */
  readonly id: string;
  readonly lines: readonly T[];
}

/** A list that grows, as numbered children of a node: adding is one change that overwrites nothing, whoever else adds. */
export class Lines<T> {
  readonly #place: Place;
  readonly #path: readonly [string, number, string];
  /** The number of the next child; null until that was looked up. */
  #next: number | null = null;
  /** Additions go one after the other, as they came. */
  #adding: Promise<void> = Promise.resolve();

  constructor(place: Place, ...path: readonly [string, number, string]) {
    this.#place = place;
    this.#path = path;
  }

  /** Resolves when they are there for good. They are added only if `together` can be changed with them. */
  add(lines: readonly T[], together: readonly Op[] = []): Promise<void> {
    const added = this.#adding.then(() => this.#add(lines, together));
    this.#adding = added.catch(() => undefined);
    return added;
  }

  /** All of them, in the order of adding. */
  async read(): Promise<T[]> {
    const names = (await this.#place.client.children(this.#place.path(...this.#path))) ?? [];
    const nodes = await Promise.all(
      names.map((name) => this.#place.client.get(this.#place.path(...this.#path, name))),
    );
    return nodes.flatMap((node) => (node ? unpack<Addition<T>>([node.data]).lines : []));
  }

  async #add(lines: readonly T[], together: readonly Op[]): Promise<void> {
    const data = additionBytes(lines);
    for (;;) {
      this.#next ??= (await this.#place.client.children(this.#place.path(...this.#path)))?.length ?? 0;
      const path = this.#place.path(...this.#path, this.#next);
      try {
        await this.#place.client.multi([...together, this.#place.create(path, data)]);
        this.#next++;
        return;
      } catch (error) {
        this.#next = null;
        if (!is(error, code.nodeExists)) throw error;
      }
    }
  }
}

export function additionBytes<T>(lines: readonly T[]): Buffer {
  return Buffer.concat(pack({ id: newId(), lines } satisfies Addition<T>, Number.MAX_SAFE_INTEGER));
}
