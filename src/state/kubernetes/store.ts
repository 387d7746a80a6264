import type { KubernetesClient } from '../../kubernetes/client.ts';
import { ApiError, telling } from '../../kubernetes/errors.ts';
import type { KollageEvent } from '../../model/event.ts';
import { Gathered } from '../gathered.ts';
import { freshHead, goneRevision, markedHead } from '../head.ts';
import { newId, pack, unpack } from '../pieces.ts';
import { type Content, RemoteStore, unlessOver } from '../remote.ts';
import type { JournalEntry, NewRevision, Pause, RevisionStatus, StateStore } from '../store.ts';
import { most, pieceName, readPiece, secretData } from './bytes.ts';
import { headAnnotation, type OwnHead, readHeads, withHead } from './heads.ts';
import { type Held, takeLease } from './lease.ts';
import { Lines } from './lines.ts';
import { Place } from './place.ts';

/**
 * State in the cluster that the deployment runs on, in Secrets of its namespace, for they hold secrets; the lock is a Lease. The API server answers
 * a write when it is durable (etcd). Nothing is made by reading.
 */
export class KubernetesStore extends RemoteStore<OwnHead, Held> implements StateStore {
  readonly #place: Place;
  readonly #journals = new Map<number, Lines<JournalEntry>>();
  readonly #timelines = new Map<number, Lines<KollageEvent>>();
  readonly #events = new Gathered<KollageEvent>(async (number, events) =>
    (await this.#timeline(number)).add(...events),
  );
  readonly #contents = new Map<string, Content>();

  /** The client is closed with the store. */
  constructor(client: KubernetesClient, namespace: string, deployment: string) {
    super();
    this.#place = new Place(client, namespace, deployment);
  }

  /** The revision's own Secret is written last: without it nothing was begun, and with it all is there. */
  begin(revision: NewRevision): Promise<number> {
    return this.#writing(async () => {
      const { desired, images, secrets, continues } = revision;
      const id = newId();
      const [first = Buffer.alloc(0), ...more] = pack({ desired, images, secrets } satisfies Content, most);
      for (let number = await this.next(); ; number++) {
        for (const [at, bytes] of more.entries()) {
          const secret = this.#place.secret(pieceName(this.#place, number, id, at + 1), 'piece', number);
          await this.#place.create({ ...secret, immutable: true, data: { data: bytes.toString('base64') } });
        }
        const before = continues === null ? [] : await this.journal(continues);
        const notes = [...before, ...(revision.notes ?? [])];
        const journal = new Lines<JournalEntry>(
          this.#place,
          'journal',
          number,
          this.#place.name(number, id, 'journal'),
        );
        await journal.add(...notes);
        const pieces = 1 + more.length;
        const head = { ...freshHead(revision, notes, { number, id, pieces }), continues };
        const secret = this.#place.secret(this.#place.name(number), 'revision', number);
        try {
          await this.#place.create({
            ...withHead(secret, head),
            immutable: true,
            data: { data: first.toString('base64') },
          });
        } catch (error) {
          // Of that number there is one by now.
          if (error instanceof ApiError && error.code === 409) continue;
          throw error;
        }
        this.#journals.set(number, journal);
        return number;
      }
    });
  }

  mark(number: number, status: RevisionStatus, failure?: string): Promise<void> {
    return this.#writing(async () => {
      const changed = markedHead(await this.#there(number), status, failure);
      await this.#place.client.patch(this.#place.at('Secret', this.#place.name(number)), {
        metadata: { annotations: headAnnotation(changed) },
      });
    });
  }

  note(number: number, entry: JournalEntry): Promise<void> {
    return this.#writing(async () => (await this.#journal(number)).add(entry));
  }

  journal(number: number): Promise<readonly JournalEntry[]> {
    return telling(async () => (await this.#journal(number)).read());
  }

  record(number: number, event: KollageEvent): void {
    this.#events.add(number, event);
  }

  timeline(number: number): Promise<readonly KollageEvent[]> {
    return telling(async () => {
      await this.#events.flush();
      return (await this.#timeline(number)).read();
    });
  }

  paused(): Promise<Pause | null> {
    return telling(async () => {
      const where = { kind: 'Secret', namespace: this.#place.namespace } as const;
      const [secret] = await this.#place.client.look(where, { labels: this.#place.selector('pause') });
      const data = secret && secretData.parse(secret).data?.['data'];
      if (!data) return null;
      return unlessOver(unpack<Pause>([Buffer.from(data, 'base64')]));
    });
  }

  pause(pause: Pause | null): Promise<void> {
    return telling(async () => {
      const name = this.#place.name('pause');
      if (pause === null) return this.#place.client.remove(this.#place.at('Secret', name));
      const data = { data: Buffer.concat(pack(pause, most)).toString('base64') };
      const secret = { ...this.#place.secret(name, 'pause'), data };
      await this.#place.apply(secret);
    });
  }

  async close(): Promise<void> {
    await this.#events.flush();
    this.#place.client.close();
  }

  protected take(): Promise<Held> {
    return takeLease(this.#place);
  }

  protected heads(): Promise<OwnHead[]> {
    return readHeads(this.#place);
  }

  protected telling<T>(request: () => Promise<T>): Promise<T> {
    return telling(request);
  }

  /** What a revision asked for stays what it was: who looks again and again reads it once. */
  protected async content(head: OwnHead): Promise<Content> {
    const known = this.#contents.get(head.id);
    if (known) return known;
    const content = await this.#read(head);
    // What is applied and what is under way.
    if (this.#contents.size === 2) this.#contents.clear();
    this.#contents.set(head.id, content);
    return content;
  }

  async #read({ number, id, pieces }: OwnHead): Promise<Content> {
    const names = [this.#place.name(number)];
    for (let at = 1; at < pieces; at++) names.push(pieceName(this.#place, number, id, at));
    return unpack<Content>(await Promise.all(names.map((name) => readPiece(this.#place, name))));
  }

  async #there(number: number): Promise<OwnHead> {
    const head = await this.head(number);
    if (head) return head;
    throw goneRevision(number);
  }

  async #journal(number: number): Promise<Lines<JournalEntry>> {
    return lines(this.#journals, number, async () => {
      const { id } = await this.#there(number);
      return new Lines(this.#place, 'journal', number, this.#place.name(number, id, 'journal'));
    });
  }

  async #timeline(number: number): Promise<Lines<KollageEvent>> {
    return lines(this.#timelines, number, async () => {
      const { id } = await this.#there(number);
      return new Lines(this.#place, 'events', number, this.#place.name(number, id, 'events'));
    });
  }

  /** What must be durable, and is only ours to write while the lock is. */
  #writing<T>(write: () => Promise<T>): Promise<T> {
    return telling(async () => {
      this.held?.check();
      await this.#events.flush();
      return write();
    });
  }
}

async function lines<T>(
  known: Map<number, Lines<T>>,
  number: number,
  make: () => Promise<Lines<T>>,
): Promise<Lines<T>> {
  const there = known.get(number) ?? (await make());
  known.set(number, there);
  return there;
}
