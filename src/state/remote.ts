import { type Head, publicHead } from './head.ts';
import type { NewRevision, Pause, Revision, RevisionHead } from './store.ts';

/** What a revision asked for; it has its secrets. */
export type Content = Pick<NewRevision, 'desired' | 'images' | 'secrets'>;

/** What the stores have in common that keep revisions on servers, each as a head and pieces. What goes wrong is told as `telling` says it. */
export abstract class RemoteStore<H extends Head, Lock extends AsyncDisposable> {
  /** The lock while it is ours. */
  protected held: Lock | null = null;

  protected abstract take(): Promise<Lock>;
  /** All of them, the oldest first. */
  protected abstract heads(): Promise<readonly H[]>;
  protected abstract content(head: H): Promise<Content>;
  protected abstract telling<T>(request: () => Promise<T>): Promise<T>;

  lock(): Promise<AsyncDisposable> {
    return this.telling(async () => {
      const held = await this.take();
      this.held = held;
      return {
        [Symbol.asyncDispose]: async () => {
          this.held = null;
          await held[Symbol.asyncDispose]();
        },
      };
    });
  }

  last(): Promise<Revision | null> {
    return this.#newest(({ status }) => status === 'done');
  }

  async unfinished(): Promise<Revision | null> {
    const newest = await this.revision();
    return newest && newest.status !== 'done' && newest.status !== 'reverted' ? newest : null;
  }

  revision(number?: number): Promise<Revision | null> {
    return this.#newest((head) => number === undefined || head.number === number);
  }

  history(): Promise<readonly RevisionHead[]> {
    return this.telling(async () => (await this.heads()).map(publicHead));
  }

  quarantined(identity: string): Promise<RevisionHead | null> {
    return this.telling(async () => {
      const newest = (await this.heads()).findLast((head) => head.identity === identity);
      return newest?.status === 'reverted' && newest.failure !== null ? publicHead(newest) : null;
    });
  }

  secrets(number: number): Promise<ReadonlyMap<string, string>> {
    return this.telling(async () => {
      const head = await this.head(number);
      return new Map(head ? Object.entries((await this.content(head)).secrets) : []);
    });
  }

  protected async head(number: number): Promise<H | undefined> {
    return (await this.heads()).find((one) => one.number === number);
  }

  /** The number of the revision that begins next, unless another one is faster. */
  protected async next(): Promise<number> {
    return ((await this.heads()).at(-1)?.number ?? 0) + 1;
  }

  #newest(which: (head: H) => boolean): Promise<Revision | null> {
    return this.telling(async () => {
      const head = (await this.heads()).findLast(which);
      if (head === undefined) return null;
      const { desired, images } = await this.content(head);
      return { ...publicHead(head), desired, images };
    });
  }
}

/** A pause, unless it is over. */
export function unlessOver(pause: Pause): Pause | null {
  return pause.until === null || pause.until > Date.now() ? pause : null;
}
