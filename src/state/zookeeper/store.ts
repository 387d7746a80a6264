import { KollageError } from '../../model/error.ts';
import type { KollageEvent } from '../../model/event.ts';
import type { ZooKeeperClient } from '../../zookeeper/client.ts';
import { code, ignoring, is, telling } from '../../zookeeper/errors.ts';
import type { Op } from '../../zookeeper/protocol.ts';
import { type StoreKey, seal, unseal } from '../../zookeeper/seal.ts';
import { Gathered } from '../gathered.ts';
import { freshHead, goneRevision, type Head, markedHead } from '../head.ts';
import { newId, pack, unpack } from '../pieces.ts';
import { type Content, RemoteStore, unlessOver } from '../remote.ts';
import type { JournalEntry, NewRevision, Pause, RevisionStatus, StateStore } from '../store.ts';
import { headBytes, readHead, readHeads } from './heads.ts';
import { additionBytes, Lines } from './lines.ts';
import { type Held, takeLock, toldLost } from './lock.ts';
import { Place } from './place.ts';

/** Bytes of a piece: with what goes around it, a request that every server takes. */
const most = 900 * 1024;

/**
 * State in the ZooKeeper that the deployment's engine has, below `/kollage/NAME/state`, for its owner alone. A change is answered when a quorum has
 * it on disk, and is made together with the check that the lock is still ours. Nothing is made by reading.
 */
export class ZooKeeperStore extends RemoteStore<Head, Held> implements StateStore {
  readonly #place: Place;
  readonly #key: Buffer;
  readonly #journals = new Map<number, Lines<JournalEntry>>();
  readonly #timelines = new Map<number, Lines<KollageEvent>>();
  readonly #events = new Gathered<KollageEvent>((number, events) =>
    this.#lines(this.#timelines, number, 'events').add(events),
  );

  /** The client shows the key's owner; it is closed with the store. */
  constructor(client: ZooKeeperClient, deployment: string, key: StoreKey) {
    super();
    this.#place = new Place(client, deployment, key);
    this.#key = key.for('state');
  }

  /** What was asked for is written first, and the revision with all else in one change: without that nothing was begun. */
  begin(revision: NewRevision): Promise<number> {
    return this.#writing(async (fence) => {
      const { desired, images, secrets, continues, notes = [] } = revision;
      const id = newId();
      const pieces = pack({ desired, images, secrets } satisfies Content, most);
      await this.#place.write([
        ...fence,
        this.#place.create(this.#place.path('pieces', id), Buffer.alloc(0)),
      ]);
      for (const [at, piece] of pieces.entries()) {
        const path = this.#place.path('pieces', id, at);
        await this.#place.write([...fence, this.#place.create(path, seal(this.#key, path, piece))]);
      }
      const journal = [...(continues === null ? [] : await this.journal(continues)), ...notes];
      for (;;) {
        const number = await this.next();
        const head = freshHead(revision, journal, { number, id, pieces: pieces.length });
        const at = (...more: readonly (string | number)[]) => this.#place.path('revisions', number, ...more);
        const ops = [
          this.#place.create(at(), headBytes(head)),
          this.#place.create(at('events'), Buffer.alloc(0)),
          this.#place.create(at('journal'), Buffer.alloc(0)),
          this.#place.create(at('journal', 0), additionBytes(journal)),
        ];
        const given =
          continues === null
            ? []
            : await this.#marking(continues, 'failed', `given up for revision ${number}`);
        try {
          await this.#place.write([...fence, ...ops, ...given]);
          return number;
        } catch (error) {
          // Somebody else was faster: of that number there is one by now, or what it continues was changed.
          if (!is(error, code.nodeExists, code.badVersion)) throw error;
        }
      }
    });
  }

  mark(number: number, status: RevisionStatus, failure?: string): Promise<void> {
    return this.#writing(async (fence) =>
      this.#place.write([...fence, ...(await this.#marking(number, status, failure))]),
    );
  }

  note(number: number, entry: JournalEntry): Promise<void> {
    return this.#writing((fence) => this.#lines(this.#journals, number, 'journal').add([entry], fence));
  }

  journal(number: number): Promise<readonly JournalEntry[]> {
    return telling(() => this.#lines(this.#journals, number, 'journal').read());
  }

  record(number: number, event: KollageEvent): void {
    this.#events.add(number, event);
  }

  timeline(number: number): Promise<readonly KollageEvent[]> {
    return telling(async () => {
      await this.#events.flush();
      return this.#lines(this.#timelines, number, 'events').read();
    });
  }

  paused(): Promise<Pause | null> {
    return telling(async () => {
      const node = await this.#place.client.get(this.#place.path('pause'));
      if (node === null) return null;
      return unlessOver(unpack<Pause>([node.data]));
    });
  }

  pause(pause: Pause | null): Promise<void> {
    return telling(async () => {
      const path = this.#place.path('pause');
      await ignoring([code.noNode], () => this.#place.client.remove(path));
      if (pause !== null)
        await this.#place.write([this.#place.create(path, Buffer.concat(pack(pause, most)))]);
    });
  }

  async close(): Promise<void> {
    await this.#events.flush();
    await this.#place.client.close();
  }

  protected take(): Promise<Held> {
    return takeLock(this.#place);
  }

  protected heads(): Promise<Head[]> {
    return readHeads(this.#place);
  }

  protected override async head(number: number): Promise<Head | undefined> {
    return (await readHead(this.#place, number))?.head;
  }

  protected telling<T>(request: () => Promise<T>): Promise<T> {
    return telling(request);
  }

  protected async content({ id, pieces }: Head): Promise<Content> {
    const paths = Array.from({ length: pieces }, (_, at) => this.#place.path('pieces', id, at));
    return unpack<Content>(
      await Promise.all(
        paths.map(async (path) => {
          const node = await this.#place.client.get(path);
          const data = node && unseal(this.#key, path, node.data);
          if (data) return data;
          const message = `ZooKeeper: ${path} is missing, or is not as it was written`;
          throw new KollageError({ code: 'KLG-508', message });
        }),
      ),
    );
  }

  /** The change that makes a revision's head say so. */
  async #marking(number: number, status: RevisionStatus, failure?: string): Promise<Op[]> {
    const there = await readHead(this.#place, number);
    if (there === null) throw goneRevision(number);
    const path = this.#place.path('revisions', number);
    const data = headBytes(markedHead(there.head, status, failure));
    return [{ type: 'set', path, data, version: there.version }];
  }

  #lines<T>(known: Map<number, Lines<T>>, number: number, name: string): Lines<T> {
    const there = known.get(number) ?? new Lines<T>(this.#place, 'revisions', number, name);
    known.set(number, there);
    return there;
  }

  /** What must be durable, and is only ours to write while the lock is: `fence` goes with each change. */
  #writing<T>(write: (fence: readonly Op[]) => Promise<T>): Promise<T> {
    return telling(async () => {
      await this.#events.flush();
      const { held } = this;
      try {
        return await write(held === null ? [] : [held.check]);
      } catch (error) {
        throw held === null ? error : toldLost(error, held, this.#place);
      }
    });
  }
}
