/** What a watch tells: something of the node has changed, or the session has expired and nobody knows what did. Once. */
export type Watcher = (what: 'changed' | 'lost') => void;

/** What of a node is watched: its data, that it comes into being, its children. In the order in which ZooKeeper wants them set again. */
const kinds = ['data', 'exists', 'children'] as const;

export type WatchKind = (typeof kinds)[number];

/** Which watches an event ends (apache/zookeeper, Watcher.java: EventType; ZKWatchManager.java). */
const ends: Readonly<Record<number, readonly WatchKind[]>> = {
  1: ['data', 'exists'], // created
  2: ['data', 'exists', 'children'], // deleted
  3: ['data', 'exists'], // data changed
  4: ['children'], // children changed
};

/** The watches that a session has set. */
export class Watches {
  readonly #watchers = { data: new Map(), exists: new Map(), children: new Map() } satisfies Record<
    WatchKind,
    Map<string, Set<Watcher>>
  > as Record<WatchKind, Map<string, Set<Watcher>>>;

  add(kind: WatchKind, path: string, watcher: Watcher): void {
    const there = this.#watchers[kind].get(path) ?? new Set();
    there.add(watcher);
    this.#watchers[kind].set(path, there);
  }

  /** What is watched, by kind. */
  paths(): readonly string[][] {
    return kinds.map((kind) => [...this.#watchers[kind].keys()]);
  }

  /** An event of the ensemble. One without a path is about the session alone. */
  fire(type: number, path: string): void {
    const fired = (ends[type] ?? []).flatMap((kind) => {
      const there = [...(this.#watchers[kind].get(path) ?? [])];
      this.#watchers[kind].delete(path);
      return there;
    });
    for (const watcher of new Set(fired)) watcher('changed');
  }

  lost(): void {
    const all = kinds.flatMap((kind) => {
      const there = [...this.#watchers[kind].values()].flatMap((set) => [...set]);
      this.#watchers[kind].clear();
      return there;
    });
    for (const watcher of new Set(all)) watcher('lost');
  }
}
