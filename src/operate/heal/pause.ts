import { secretOf } from '../../load/secret-of.ts';
import { openState } from '../../state/open.ts';
import type { Pause, StateStore } from '../../state/store.ts';
import { whoami } from '../../state/who.ts';
import { running } from '../status.ts';

/** Keeps whoever watches over a deployment from touching it, for so many milliseconds or until `resume` (null). KLG-507. */
export async function pauseHealing(folder: string, why: string, milliseconds: number | null): Promise<Pause> {
  const pause = { by: whoami(), why, until: milliseconds === null ? null : Date.now() + milliseconds };
  await inState(folder, (state) => state.pause(pause));
  return pause;
}

/** Takes a pause back; gives whether there was one. KLG-507. */
export async function resumeHealing(folder: string): Promise<boolean> {
  return inState(folder, async (state) => {
    const there = await state.paused();
    await state.pause(null);
    return there !== null;
  });
}

async function inState<T>(folder: string, act: (state: StateStore) => Promise<T>): Promise<T> {
  const { desired, settings } = await running(folder);
  const state = await openState(settings, desired.deployment, { secret: secretOf(folder) });
  try {
    return await act(state);
  } finally {
    await state.close();
  }
}
