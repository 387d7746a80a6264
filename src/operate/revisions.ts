import { openDeployment, readDeploymentFile } from '../load/deployment.ts';
import { secretOf } from '../load/secret-of.ts';
import { KollageError } from '../model/error.ts';
import { existingState } from '../state/open.ts';
import type { Revision, StateStore } from '../state/store.ts';

/** Reads the state of the deployment in a folder. Asks no engine. KLG-507 when nothing was ever applied from this host. */
export async function reading<T>(
  folder: string,
  read: (state: StateStore, name: string) => Promise<T>,
): Promise<T> {
  const { name, engine } = readDeploymentFile(openDeployment(folder)).file.value;
  const state = await existingState(engine, name, { secret: secretOf(folder) });
  try {
    if (state && (await state.revision())) return await read(state, name);
  } finally {
    await state?.close();
  }
  throw new KollageError({ code: 'KLG-507', message: `${name} was never brought up on this host` });
}

/** A revision by its number, or the newest one. KLG-105 when there is none of that number. */
export async function revisionOf(state: StateStore, number?: number): Promise<Revision> {
  const revision = await state.revision(number);
  if (revision) return revision;
  const newest = (await state.revision())?.number ?? 0;
  throw new KollageError({
    code: 'KLG-105',
    message: `there is no revision ${number}; the newest is ${newest}`,
    next: 'See `kollage history`.',
  });
}
