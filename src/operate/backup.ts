import { createWriteStream, existsSync, renameSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { switchesOf } from '../execute/switch.ts';
import { KollageError, messageOf } from '../model/error.ts';
import type { KollageEvent } from '../model/event.ts';
import { suggestion } from '../model/nearest.ts';
import type { Desired } from '../model/resource.ts';
import { type Backup, idFor, isWhole, type Listed } from './backups/backup.ts';
import { folderOf, keeper as keeperOf, keepersOf } from './backups/keeper.ts';
import { type Opened, opened } from './backups/open.ts';
import { runJob } from './backups/run.ts';
import { BackupStore } from './backups/store.ts';

export interface BackupRequest {
  readonly folder: string;
  /** All that can be backed up when none is named. */
  readonly services: readonly string[];
  /** How many of each service are kept; all when not given. */
  readonly keep?: number | undefined;
  /** Called before anything runs. */
  readonly planned: (jobs: Pick<Desired, 'resources'>) => void;
  readonly emit: (event: KollageEvent) => void;
  readonly signal: AbortSignal;
}

export interface BackedUp {
  readonly made: Backup;
  /** Ids of those that were not kept. */
  readonly dropped: readonly string[];
}

/**
 * Copies the data of services while they serve, into their volumes for that. One is there whole or not at all; only then older ones go. Holds the
 * lock. KLG-105 for a service that cannot be backed up, KLG-550 when it fails, KLG-506 when it is interrupted.
 */
export async function backup(request: BackupRequest): Promise<readonly BackedUp[]> {
  const { folder, services, keep, emit, signal } = request;
  return opened(folder, 'work', async (there) => {
    const { engine, last, secret } = there;
    const { desired } = last;
    await refuseSwitching(there);
    const keepers = keepersOf(desired, services);
    request.planned({ resources: keepers.map(({ task }) => task) });
    const done: BackedUp[] = [];
    for (const keeper of keepers) {
      const { service, task } = keeper;
      const store = new BackupStore(engine, desired, keeper);
      const at = Date.now();
      const id = idFor(service, at);
      await store.sweep();
      const env = { KOLLAGE_BACKUP: folderOf(task, `.${id}`) };
      const means = { engine, emit, signal };
      const facts = await runJob({ means, desired, secret, task, env, code: 'KLG-550' });
      const { deployment, release } = desired;
      const about = { deployment, service, at, release, revision: last.number };
      const made = await store.seal(id, { ...about, facts: Object.fromEntries(facts) });
      const dropped = keep === undefined ? [] : tooMany(await store.list(), keep);
      await store.drop(dropped);
      done.push({ made, dropped });
    }
    return done;
  });
}

/** KLG-553 where data is half switched: what is kept of it for going back must not be touched. */
export async function refuseSwitching({ state }: Opened): Promise<void> {
  const open = await state.unfinished();
  if (!open || switchesOf(await state.journal(open.number)).length === 0) return;
  const what = open.why ? ` (${open.why})` : '';
  throw new KollageError({ code: 'KLG-553', message: `revision ${open.number}${what} is unfinished` });
}

/** The oldest of those that are whole, beyond so many. */
function tooMany(all: readonly Listed[], keep: number): string[] {
  const ids = all.filter(isWhole).map(({ id }) => id);
  return ids.slice(0, Math.max(0, ids.length - keep));
}

/** The backups that there are, by service, the oldest first. */
export async function listBackups(
  folder: string,
  services: readonly string[],
): Promise<ReadonlyMap<string, readonly Listed[]>> {
  return opened(folder, 'look', async (there) => {
    const lists = await Promise.all(
      keepersOf(there.last.desired, services).map(
        async (keeper) => [keeper.service, await storeOf(there, keeper.service).list()] as const,
      ),
    );
    return new Map(lists);
  });
}

/** The backup of this id, or with `latest` the newest whole one; with its store. KLG-105. */
export async function findBackup(
  there: Opened,
  services: readonly string[],
  wanted: string,
): Promise<{ readonly found: Listed; readonly store: BackupStore }> {
  const names: string[] = [];
  for (const { service } of keepersOf(there.last.desired, services)) {
    const store = storeOf(there, service);
    const list = await store.list();
    names.push(...list.map(({ id }) => id));
    const found = wanted === 'latest' ? list.findLast(isWhole) : list.find(({ id }) => id === wanted);
    if (found) return { found, store };
  }
  throw new KollageError({
    code: 'KLG-105',
    message: `there is no backup ${wanted}${suggestion(wanted, names)}`,
    next: 'See `kollage backup --list`.',
  });
}

/** Writes a backup into a folder, as one file that only its owner may read; gives its path. It is there whole or not at all. KLG-105, 541, 903. */
export async function bringOut(folder: string, id: string, to: string, signal: AbortSignal): Promise<string> {
  return opened(folder, 'look', async (there) => {
    const { found, store } = await findBackup(there, [], id);
    await store.check(found.id);
    const path = join(to, `${found.id}.tar`);
    const fresh = `${path}.new`;
    try {
      if (existsSync(path)) throw new Error('there is such a file already');
      const stream = new PassThrough();
      const written = pipeline(stream, createWriteStream(fresh, { mode: 0o600, flush: true }));
      const read = store.bringOut(found.id, stream, signal).finally(() => stream.end());
      await Promise.all([read, written]);
      renameSync(fresh, path);
    } catch (cause) {
      if (cause instanceof KollageError) throw cause;
      throw new KollageError({ code: 'KLG-903', message: `${path}: ${messageOf(cause)}` }, { cause });
    } finally {
      rmSync(fresh, { force: true });
    }
    return path;
  });
}

/**
 * Takes a backup from such a file into the volume of its service; gives what it is. KLG-901 where it is not clear of which service, KLG-108 for a file
 * that cannot be read, KLG-551 for one that is no whole backup of this deployment.
 */
export async function bringIn(
  folder: string,
  services: readonly string[],
  path: string,
  signal: AbortSignal,
): Promise<Backup> {
  return opened(folder, 'work', async (there) => {
    const { desired } = there.last;
    const [keeper, ...more] = keepersOf(desired, services);
    if (!keeper || more.length > 0) {
      const message = 'several services keep backups: say of which one it is';
      throw new KollageError({ code: 'KLG-901', message });
    }
    const store = storeOf(there, keeper.service);
    const came = await fileRead(path, signal, (file, stop) => store.bringIn(file, stop));
    const why = stranger(came, keeper.service, desired.deployment);
    if (why === null) return came;
    await store.drop([came.id]);
    throw new KollageError({ code: 'KLG-551', message: `${came.id}: ${why}` });
  });
}

/**
 * Has a file read by `reader`, and waits for it also where the file cannot be read to its end: the reader is stopped then, and has ended before
 * anybody else begins. KLG-108.
 */
async function fileRead<T>(
  path: string,
  signal: AbortSignal,
  reader: (file: Readable, stop: AbortSignal) => Promise<T>,
): Promise<T> {
  const unreadable = (cause: unknown) =>
    new KollageError({ code: 'KLG-108', message: `${path}: ${messageOf(cause)}` }, { cause });
  const handle = await open(path).catch((cause: unknown) => {
    throw unreadable(cause);
  });
  const broken = new AbortController();
  const file = handle.createReadStream().on('error', (cause) => broken.abort(unreadable(cause)));
  try {
    return await reader(file, AbortSignal.any([signal, broken.signal]));
  } catch (cause) {
    throw broken.signal.aborted ? broken.signal.reason : cause;
  } finally {
    file.destroy();
  }
}

/** Why a backup is none of a service of a deployment; null when it is. */
export function stranger(
  { deployment, service }: Pick<Backup, 'deployment' | 'service'>,
  wantedService: string,
  wantedDeployment: string,
): string | null {
  if (service !== wantedService) return `it is one of ${service}, not of ${wantedService}`;
  if (deployment !== wantedDeployment)
    return `it is one of the deployment ${deployment}, and this is ${wantedDeployment}`;
  return null;
}

/** Takes backups away. KLG-105 for an id that there is none of; then all are kept. */
export async function dropBackups(folder: string, ids: readonly string[]): Promise<void> {
  await opened(folder, 'work', async (there) => {
    const found = await Promise.all(ids.map((id) => findBackup(there, [], id)));
    for (const { found: one, store } of found) await store.drop([one.id]);
  });
}

export function storeOf({ engine, last }: Opened, service: string): BackupStore {
  return new BackupStore(engine, last.desired, keeperOf(last.desired, service));
}
