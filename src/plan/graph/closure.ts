import type { Desired, ResourceKey } from '../../model/resource.ts';
import { buildGraph } from './build.ts';

/** Who needs what, all that it needs in turn included. Keys are those of the graph. */
export class Closure {
  readonly #direct = new Map<ResourceKey, ResourceKey[]>();
  readonly #all = new Map<ResourceKey, ReadonlySet<ResourceKey>>();
  readonly #needed: ReadonlySet<ResourceKey>;

  constructor(desired: Pick<Desired, 'resources'>) {
    const { edges } = buildGraph(desired);
    for (const { from, to } of edges) {
      const others = this.#direct.get(to);
      if (others) others.push(from);
      else this.#direct.set(to, [from]);
    }
    this.#needed = new Set(edges.map(({ from }) => from));
  }

  /** Whether anything needs it. */
  isNeeded(key: ResourceKey): boolean {
    return this.#needed.has(key);
  }

  /** All that it needs, without itself. */
  of(key: ResourceKey): ReadonlySet<ResourceKey> {
    const known = this.#all.get(key);
    if (known) return known;
    const found = new Set<ResourceKey>();
    const open = [...(this.#direct.get(key) ?? [])];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      if (found.has(next)) continue;
      found.add(next);
      open.push(...(this.#direct.get(next) ?? []));
    }
    this.#all.set(key, found);
    return found;
  }
}
