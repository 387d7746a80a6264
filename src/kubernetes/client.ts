import type { KubeConfig } from '@kubernetes/client-node';
import { type ClusterAddress, readConfig } from './config.ts';
import { ignoring } from './errors.ts';
import { type Kind, kinds, pathOf, type Where } from './kinds.ts';
import { type ApiObject, list, object, versionInfo } from './object.ts';
import { type ApiRequest, Transport } from './transport.ts';

/** Which objects of a kind are meant (kubernetes.io/docs/concepts/overview/working-with-objects, label and field selectors). */
export interface Selection {
  readonly labels?: string | undefined;
  readonly fields?: string | undefined;
}

/** One object. */
export type Named = Where & { readonly name: string };

export interface ApplyOptions {
  /** In whose name fields are set. */
  readonly manager: string;
  /** Takes over the fields that others have set. */
  readonly force?: boolean;
  /** The server only says what it would do. */
  readonly dryRun?: boolean;
}

export interface RemoveOptions {
  /** What becomes of what belongs to it; in the background when not given. */
  readonly propagation?: 'Foreground' | 'Background' | 'Orphan';
  /** Seconds for its processes to end. */
  readonly grace?: number;
  /** Only that very object; 409 when another has its name now. */
  readonly uid?: string | undefined;
  readonly resourceVersion?: string | undefined;
}

export interface PodLogQuery {
  readonly container?: string;
  readonly follow?: boolean;
  readonly tail?: number;
  /** Milliseconds since the epoch. */
  readonly since?: number;
  /** Of the container before the one that runs. */
  readonly previous?: boolean;
}

const patches = {
  merge: 'application/merge-patch+json',
  json: 'application/json-patch+json',
  strategic: 'application/strategic-merge-patch+json',
} as const;

/** Of large objects one may want to know only what they are (kubernetes.io/docs/reference/using-api/api-concepts, Metadata-only fetches). */
const onlyMetadataOfAll = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1';
/** The same of what a watch tells. */
export const onlyMetadata = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1';

/** Milliseconds in which a server says what it is: that costs it nothing, and comes first, so that one which is stuck is told soon. */
const soon = 10_000;

/** A list is read in pieces of so many objects. */
const page = 500;

/** The API of one cluster, as one user. All methods throw ApiError, ConnectionError, CredentialsError: `telling` makes them what a person is told. */
export class KubernetesClient {
  readonly config: KubeConfig;
  readonly transport: Transport;
  readonly #takeOver: boolean;

  protected constructor(config: KubeConfig, takeOver = false) {
    this.config = config;
    this.transport = new Transport(config);
    this.#takeOver = takeOver;
  }

  /** Asks nothing yet. `takeOver`: fields that others have set are taken over wherever nothing else is said. Throws KLG-540. */
  static async connect(
    address: ClusterAddress,
    { takeOver = false }: { readonly takeOver?: boolean } = {},
  ): Promise<KubernetesClient> {
    return new KubernetesClient(await readConfig(address), takeOver);
  }

  get context(): string {
    return this.config.getCurrentContext();
  }

  /** `v1.36.3` */
  async version(): Promise<string> {
    const answer = await this.transport.json({
      method: 'GET',
      path: '/version',
      verb: 'get /version',
      silence: soon,
    });
    return versionInfo.parse(answer).gitVersion;
  }

  /** Null when it is not there. */
  async get(where: Named): Promise<ApiObject | null> {
    const answer = await ignoring([404], () =>
      this.transport.json({ method: 'GET', path: pathOf(where), verb: 'get', where }),
    );
    return answer === undefined ? null : object.parse(answer);
  }

  /** All that are meant, and the version at which they were read, for a watch from there on. */
  async list(
    where: Omit<Where, 'name'>,
    { labels, fields, only }: Selection & { readonly only?: 'metadata' } = {},
    signal?: AbortSignal,
  ): Promise<{ readonly items: ApiObject[]; readonly resourceVersion: string }> {
    const items: ApiObject[] = [];
    for (let next: string | undefined; ; ) {
      const answer = list.parse(
        await this.transport.json({
          method: 'GET',
          path: pathOf(where),
          query: { labelSelector: labels, fieldSelector: fields, limit: page, continue: next },
          ...(only ? { accept: onlyMetadataOfAll } : {}),
          verb: 'list',
          where,
          signal,
        }),
      );
      // The items of a list do not say what they are.
      for (const item of answer.items ?? [])
        items.push(object.parse({ ...item, apiVersion: kinds[where.kind].api, kind: where.kind }));
      next = answer.metadata.continue || undefined;
      if (next === undefined) return { items, resourceVersion: answer.metadata.resourceVersion };
    }
  }

  /** All that are meant, for looking at: see LiveClient. */
  async look(
    where: Omit<Where, 'name'>,
    selection: Selection & { readonly only?: 'metadata' } = {},
  ): Promise<ApiObject[]> {
    return (await this.list(where, selection)).items;
  }

  /** Throws ApiError 409 when it is there. */
  async create(made: ApiObject): Promise<ApiObject> {
    const where = { ...whereOf(made), name: undefined };
    return this.#write({ method: 'POST', path: pathOf(where), body: made, verb: 'create', where });
  }

  /** Writes the whole object; throws ApiError 409 when it has changed since its `resourceVersion`. */
  async replace(changed: ApiObject): Promise<ApiObject> {
    const where = whereOf(changed);
    return this.#write({ method: 'PUT', path: pathOf(where), body: changed, verb: 'update', where });
  }

  /** Server-side apply: makes the fields given what they are to be, and takes away those that this manager gave before and gives no more. */
  async apply(
    wanted: ApiObject,
    { manager, force = this.#takeOver, dryRun }: ApplyOptions,
  ): Promise<ApiObject> {
    const where = whereOf(wanted);
    return this.#write({
      method: 'PATCH',
      path: pathOf(where),
      query: { fieldManager: manager, force, dryRun: dryRun ? 'All' : undefined },
      body: wanted,
      contentType: 'application/apply-patch+yaml',
      verb: 'patch',
      where,
    });
  }

  async patch(where: Named, body: unknown, how: keyof typeof patches = 'merge'): Promise<ApiObject> {
    return this.#write({
      method: 'PATCH',
      path: pathOf(where),
      query: { fieldManager: 'kollage' },
      body,
      contentType: patches[how],
      verb: 'patch',
      where,
    });
  }

  /** Nothing when it is not there. */
  async remove(where: Named, options: RemoveOptions = {}): Promise<void> {
    const { uid, resourceVersion } = options;
    await ignoring([404], () =>
      this.transport.json({
        method: 'DELETE',
        path: pathOf(where),
        body: {
          kind: 'DeleteOptions',
          apiVersion: 'v1',
          propagationPolicy: options.propagation ?? 'Background',
          ...(options.grace === undefined ? {} : { gracePeriodSeconds: options.grace }),
          ...(uid || resourceVersion ? { preconditions: { uid, resourceVersion } } : {}),
        },
        verb: 'delete',
        where,
      }),
    );
  }

  /** Removes all that are meant, with one request. `grace`: seconds for their processes to end. */
  async removeAll(
    where: Omit<Where, 'name'> & { readonly namespace: string },
    { labels, fields }: Selection,
    { grace }: Pick<RemoveOptions, 'grace'> = {},
  ) {
    await this.transport.json({
      method: 'DELETE',
      path: pathOf(where),
      query: {
        labelSelector: labels,
        fieldSelector: fields,
        propagationPolicy: 'Background',
        gracePeriodSeconds: grace,
      },
      verb: 'deletecollection',
      where,
    });
  }

  /** The lines that a container of a pod has written. Ends with them, or with the container where it follows. */
  async *logs(
    namespace: string,
    pod: string,
    { container, follow, tail, since, previous }: PodLogQuery,
    signal: AbortSignal,
  ): AsyncGenerator<string> {
    const where: Where = { kind: 'Pod', namespace, name: pod, subresource: 'log' };
    yield* this.transport.lines({
      method: 'GET',
      path: pathOf(where),
      query: {
        container,
        follow,
        tailLines: tail,
        sinceTime: since === undefined ? undefined : new Date(since).toISOString(),
        previous,
      },
      verb: 'get',
      where,
      signal,
      // A process may have nothing to say for long.
      ...(follow ? { silence: 0 } : {}),
    });
  }

  /** Ends the connections that are kept. */
  close(): void {
    this.transport.close();
  }

  async #write(asked: ApiRequest): Promise<ApiObject> {
    return object.parse(await this.transport.json(asked));
  }
}

/** Where an object lies. Throws for a kind that is not in the table. */
export function whereOf({ kind, metadata: { name, namespace } }: ApiObject): Named {
  if (!isKind(kind)) throw new Error(`no kind ${kind} in src/kubernetes/kinds.ts`);
  return { kind, name, namespace };
}

function isKind(kind: string): kind is Kind {
  return Object.hasOwn(kinds, kind);
}
