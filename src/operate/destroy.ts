import type { Engine } from '../engines/engine.ts';
import { cleanUp } from '../execute/clean-up.ts';
import { Site } from '../execute/site.ts';
import { type NamedInstance, takeAllAway } from '../execute/take-away.ts';
import { openDeployment, readDeploymentFile } from '../load/deployment.ts';
import { secretOf } from '../load/secret-of.ts';
import { KollageError } from '../model/error.ts';
import type { KollageEvent } from '../model/event.ts';
import { existingState } from '../state/open.ts';
import type { StateStore } from '../state/store.ts';
import { takeBackAccess } from './access.ts';
import { engineFor } from './engine-of.ts';

export interface Destroyed {
  readonly name: string;
  /** Why something may be left on a node that workloads made there, such as network namespaces. */
  readonly left: readonly string[];
}

export interface Destroying {
  /** Whether it is kept. */
  readonly data: boolean;
  /** Told of what takes long to stop. */
  readonly emit?: (event: KollageEvent) => void;
}

/**
 * Takes away everything of a deployment, its data too unless it is to be kept. Only what carries the deployment's label is touched, and what its
 * workloads take away themselves; a deployment that is not there is gone already. KLG-503 while another works on it.
 */
export async function destroy(
  folder: string,
  { data, emit = () => undefined }: Destroying,
): Promise<Destroyed> {
  const { file } = readDeploymentFile(openDeployment(folder));
  const { name, engine: settings } = file.value;
  const secret = secretOf(folder);
  const engine = engineFor(settings, { secret });
  const state = await existingState(settings, name, { secret });
  try {
    await using _lock = state && (await locked(state));
    const left = state ? await cleanedUp(engine, state, { data, emit }) : [];
    await engine.destroy(name, { data });
    takeBackAccess(folder);
    return { name, left };
  } finally {
    await state?.close();
  }
}

async function cleanedUp(
  engine: Engine,
  state: StateStore,
  { data, emit }: Required<Destroying>,
): Promise<string[]> {
  const revision = await state.revision();
  if (!revision) return [];
  const { desired, number } = revision;
  const secrets = await state.secrets(number);
  const signal = new AbortController().signal;
  const secret = (of: string) => secrets.get(of);
  const site = new Site({ engine, desired, secret, emit, signal });
  try {
    const left = await cleanUp(site);
    // Who has data to keep ends gently; all else the engine ends at once.
    if (data && engine.traits.applies === 'instances')
      await takeAllAway(site, await runningOf(site), desired);
    return left;
  } finally {
    await site.close();
  }
}

/** The lock; null on a full disk, where nobody else can take it either. */
async function locked(state: StateStore): Promise<AsyncDisposable | null> {
  try {
    return await state.lock();
  } catch (error) {
    if (error instanceof KollageError && error.code === 'KLG-508') return null;
    throw error;
  }
}

async function runningOf({ engine, desired }: Site): Promise<NamedInstance[]> {
  const { instances = [] } = await engine.observe(desired.deployment, null);
  return instances.flatMap((one) =>
    one.state === 'stopped' || one.name === undefined ? [] : [{ ...one, name: one.name }],
  );
}
