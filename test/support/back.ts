import { rollback } from '../../src/operate/rollback.ts';

/** Goes back to the first revision, with what was saved of its data or without, and asks nobody. */
export function backToFirst(folder: string, restoreData: boolean): ReturnType<typeof rollback> {
  return rollback({
    folder,
    to: 1,
    restoreData,
    planned: async () => true,
    emit: () => undefined,
    signal: new AbortController().signal,
  });
}
