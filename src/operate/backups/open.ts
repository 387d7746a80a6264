import type { Engine } from '../../engines/engine.ts';
import { type Secret, secretsOf } from '../../execute/take-back.ts';
import { openDeployment } from '../../load/deployment.ts';
import { readPasswords } from '../../load/passwords.ts';
import { secretOf } from '../../load/secret-of.ts';
import { KollageError } from '../../model/error.ts';
import { openState } from '../../state/open.ts';
import type { Revision, StateStore } from '../../state/store.ts';
import { running } from '../status.ts';

/** What works on the data of a deployment that was brought up is given. */
export interface Opened {
  readonly engine: Engine;
  readonly state: StateStore;
  /** What was applied last, whole. */
  readonly last: Revision;
  /** The secrets that it runs with. */
  readonly secret: Secret;
}

/**
 * Opens a deployment's engine and state, and does something, with its lock where that is more than looking. KLG-501, 503, and KLG-507 where
 * nothing was ever applied whole.
 */
export async function opened<T>(
  folder: string,
  does: 'look' | 'work',
  act: (opened: Opened) => Promise<T>,
): Promise<T> {
  const { engine, settings, desired } = await running(folder);
  await engine.version();
  const state = await openState(settings, desired.deployment, { secret: secretOf(folder) });
  try {
    await using _lock = does === 'work' ? await state.lock() : null;
    const last = await state.last();
    if (!last)
      throw new KollageError({
        code: 'KLG-507',
        message: `${desired.deployment} was begun, and never applied whole`,
        next: 'Run `kollage up`, which goes on.',
      });
    const means = {
      store: state,
      secrets: async () => {
        const { values } = await readPasswords(openDeployment(folder));
        return (name: string) => values.get(name)?.reveal();
      },
    };
    return await act({ engine, state, last, secret: await secretsOf(means, last) });
  } finally {
    await state.close();
  }
}
