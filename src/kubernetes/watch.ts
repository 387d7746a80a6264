import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { type KubernetesClient, onlyMetadata, type Selection } from './client.ts';
import { ApiError, ConnectionError } from './errors.ts';
import { pathOf, type Where } from './kinds.ts';
import { type ApiObject, object } from './object.ts';
import type { ApiRequest } from './transport.ts';

/** What happened to an object that is watched. `synced`: all that were there have been told. */
export type ObjectEvent =
  | { readonly type: 'added' | 'modified' | 'deleted'; readonly object: ApiObject }
  | { readonly type: 'synced' };

export interface FollowOptions extends Selection {
  readonly signal: AbortSignal;
  /** Milliseconds for which a server that does not answer is asked again, before that is told; a minute when not given. */
  readonly patience?: number;
  /** Milliseconds without a word after which a watch is begun anew. */
  readonly silence?: number;
  /** Only what they are, not what they hold. */
  readonly only?: 'metadata';
  /** Who follows does not keep the program running by that. */
  readonly quiet?: boolean;
}

const event = z.discriminatedUnion('type', [
  z.object({ type: z.enum(['ADDED', 'MODIFIED', 'DELETED']), object }),
  z.object({
    type: z.literal('BOOKMARK'),
    object: z.looseObject({ metadata: z.looseObject({ resourceVersion: z.string() }) }),
  }),
  z.object({ type: z.literal('ERROR'), object: z.looseObject({ code: z.number() }) }),
]);

/** The server ends a watch after this time (seconds), so that one which hangs unnoticed does not hang for long. */
const turn = 290;

/** A watch without a word may be dead: bookmarks come every minute (milliseconds), but of Events, for which the server keeps no cache. */
const usualSilence = 90_000;

/**
 * All objects that are meant, then whatever happens to them, until the signal. A watch that breaks goes on where it was; where the server has
 * forgotten since (410), what differs from what was told is told. (kubernetes.io/docs/reference/using-api/api-concepts, Efficient detection of
 * changes.) Throws what the server refuses, and ConnectionError when it is gone for longer than `patience`.
 */
export async function* follow(
  client: KubernetesClient,
  where: Omit<Where, 'name'>,
  { signal, patience = 60_000, silence = usualSilence, quiet = false, ...selection }: FollowOptions,
): AsyncGenerator<ObjectEvent> {
  const known = new Map<string, ApiObject>();
  let version: string | null = null;
  let synced = false;
  let failing: number | null = null;
  while (!signal.aborted) {
    let since = Number.POSITIVE_INFINITY;
    const opened = () => {
      since = Date.now();
    };
    try {
      if (version === null) {
        const { items, resourceVersion } = await client.list(where, selection, signal);
        yield* differences(known, items);
        if (!synced) yield { type: 'synced' };
        synced = true;
        version = resourceVersion;
      }
      for await (const { type, object } of turns(client, where, selection, {
        version,
        signal,
        silence,
        quiet,
        opened,
      })) {
        failing = null;
        if (type === 'ERROR') {
          version = null;
          break;
        }
        version = object.metadata.resourceVersion ?? version;
        if (type === 'BOOKMARK') continue;
        yield* told(known, type, object);
      }
      failing = null;
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof ApiError && error.code === 410) version = null;
      else if (error instanceof ConnectionError || (error instanceof ApiError && error.code >= 500)) {
        // What stood for longer than that was no failing server.
        if (Date.now() - since > patience) failing = null;
        failing ??= Date.now();
        if (Date.now() - failing > patience) throw error;
        await pause(200 + Math.random() * 800, undefined, { signal }).catch(() => undefined);
      } else throw error;
    }
  }
}

/** One request's events. Ends when the server ends it. */
async function* turns(
  client: KubernetesClient,
  where: Omit<Where, 'name'>,
  { labels, fields, only }: Selection & { readonly only?: 'metadata' },
  {
    version,
    ...how
  }: { readonly version: string } & Required<Pick<ApiRequest, 'silence' | 'quiet' | 'opened'>> & {
      readonly signal: AbortSignal;
    },
) {
  const lines = client.transport.lines({
    method: 'GET',
    path: pathOf(where),
    query: {
      watch: true,
      allowWatchBookmarks: true,
      resourceVersion: version,
      timeoutSeconds: turn,
      labelSelector: labels,
      fieldSelector: fields,
    },
    ...(only ? { accept: onlyMetadata } : {}),
    verb: 'watch',
    where,
    ...how,
  });
  for await (const line of lines) yield event.parse(JSON.parse(line));
}

function* told(
  known: Map<string, ApiObject>,
  type: 'ADDED' | 'MODIFIED' | 'DELETED',
  object: ApiObject,
): Generator<ObjectEvent> {
  const uid = object.metadata.uid ?? '';
  if (type === 'DELETED') {
    if (known.delete(uid)) yield { type: 'deleted', object };
    return;
  }
  const before = known.get(uid);
  known.set(uid, slim(object));
  yield { type: before ? 'modified' : 'added', object };
}

/** What a new list says that was not told yet. */
function* differences(known: Map<string, ApiObject>, items: readonly ApiObject[]): Generator<ObjectEvent> {
  const uids = new Set(items.map(({ metadata }) => metadata.uid ?? ''));
  for (const [uid, object] of known)
    if (!uids.has(uid)) {
      known.delete(uid);
      yield { type: 'deleted', object };
    }
  for (const object of items) {
    const before = known.get(object.metadata.uid ?? '');
    if (before?.metadata.resourceVersion === object.metadata.resourceVersion) continue;
    known.set(object.metadata.uid ?? '', slim(object));
    yield { type: before ? 'modified' : 'added', object };
  }
}

/** What tells an object and its state from others: thousands may be watched. */
function slim({ apiVersion, kind, metadata }: ApiObject): ApiObject {
  const { name, namespace, uid, resourceVersion, labels } = metadata;
  return { apiVersion, kind, metadata: { name, namespace, uid, resourceVersion, labels } };
}
