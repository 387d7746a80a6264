import { KubernetesClient, type Selection } from './client.ts';
import { type ClusterAddress, readConfig } from './config.ts';
import type { Where } from './kinds.ts';
import type { ApiObject } from './object.ts';
import { follow } from './watch.ts';

/** Milliseconds for which a server that is gone may be taken for one where nothing happens. */
const patience = 3000;

/**
 * For who looks again and again: the first look is a list, and from then on a watch keeps it up to date, so that looking costs no request, however many
 * objects there are. What is seen may be a moment old (as long as a connection is silent, where packets are lost), so nothing may be decided by it that
 * another could have decided otherwise meanwhile.
 */
export class LiveClient extends KubernetesClient {
  readonly #lists = new Map<string, KeptList>();

  static override async connect(address: ClusterAddress): Promise<LiveClient> {
    return new LiveClient(await readConfig(address));
  }

  override async look(
    where: Omit<Where, 'name'>,
    selection: Selection & { readonly only?: 'metadata' } = {},
  ): Promise<ApiObject[]> {
    const key = JSON.stringify([where, selection]);
    let there = this.#lists.get(key);
    if (!there || there.isOver) {
      there = new KeptList(this, where, selection);
      this.#lists.set(key, there);
    }
    return there.items();
  }

  override close(): void {
    for (const list of this.#lists.values()) list.close();
    this.#lists.clear();
    super.close();
  }
}

class KeptList {
  readonly #objects = new Map<string, ApiObject>();
  readonly #synced = Promise.withResolvers<void>();
  readonly #until = new AbortController();
  isOver = false;

  constructor(
    client: KubernetesClient,
    where: Omit<Where, 'name'>,
    selection: Selection & { readonly only?: 'metadata' },
  ) {
    // Whoever asks is told, and nobody may be asking.
    this.#synced.promise.catch(() => undefined);
    this.#follow(client, where, selection).catch((error: unknown) => {
      this.isOver = true;
      this.#synced.reject(error);
    });
  }

  async items(): Promise<ApiObject[]> {
    await this.#synced.promise;
    return [...this.#objects.values()];
  }

  close(): void {
    this.isOver = true;
    this.#until.abort();
  }

  async #follow(client: KubernetesClient, where: Omit<Where, 'name'>, selection: Selection): Promise<void> {
    const { signal } = this.#until;
    for await (const event of follow(client, where, { ...selection, signal, patience, quiet: true })) {
      if (event.type === 'synced') this.#synced.resolve();
      else if (event.type === 'deleted') this.#objects.delete(event.object.metadata.uid ?? '');
      else this.#objects.set(event.object.metadata.uid ?? '', lean(event.object));
    }
    this.isOver = true;
  }
}

/** Who set which field is a third of an object, and nobody here asks for it. */
function lean(object: ApiObject): ApiObject {
  const { managedFields: _, ...metadata } = object.metadata;
  return { ...object, metadata };
}
