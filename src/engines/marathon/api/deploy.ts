import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import type { DeploymentResult, MarathonClient } from './client.ts';
import { MarathonError } from './errors.ts';

const types = ['deployment_success', 'deployment_failed'] as const;
const ended = z.looseObject({ id: z.string(), reason: z.string().optional() });

/** Milliseconds between two looks at what is under way: events may be lost, with a stream or a leader. */
const look = 2000;

/** done: all of it is as it shall be; failed: Marathon gave it up; gone: it was given up or taken back, by whomever. */
export type Ending = { readonly type: 'done' | 'gone' } | { readonly type: 'failed'; readonly why: string };

export interface DeployOptions {
  readonly signal: AbortSignal;
  /** Whether deployments that are under way are given up for it; else they are waited for. */
  readonly force?: (lockedBy: readonly string[]) => boolean | Promise<boolean>;
  /** Whom it waits for; nobody when that is over. */
  readonly locked?: (deployments: readonly string[]) => void;
}

/** Makes a change once nothing else changes what it is about; gives what it gives. */
export async function deploy<T>(
  client: MarathonClient,
  change: (force: boolean) => Promise<T>,
  { signal, force = () => false, locked }: DeployOptions,
): Promise<T> {
  for (let forced = false; ; ) {
    try {
      const made = await change(forced);
      locked?.([]);
      return made;
    } catch (error) {
      if (!(error instanceof MarathonError) || error.lockedBy.length === 0) throw error;
      forced = await force(error.lockedBy);
      if (forced) continue;
      locked?.(error.lockedBy);
      const others = new Set(error.lockedBy);
      await until(client, (ids) => !ids.some((id) => others.has(id)), signal);
    }
  }
}

/**
 * Waits until a deployment has ended, and tells how. Its events say so; where they were missed, that it is not under way any more, and which version of the
 * group is in force.
 */
export async function follow(
  client: MarathonClient,
  group: string,
  { deploymentId, version }: DeploymentResult,
  signal: AbortSignal,
): Promise<Ending> {
  const stop = new AbortController();
  const both = AbortSignal.any([signal, stop.signal]);
  const told = Promise.withResolvers<Ending>();
  const listening = listen(client, deploymentId, told.resolve, both);
  const looking = (async (): Promise<Ending> => {
    await until(client, (ids) => !ids.includes(deploymentId), both);
    // The event of its end may be on its way.
    await Promise.race([told.promise, pause(look / 4, undefined, { signal: both })]);
    const now = await client.groupVersion(group, both);
    return { type: now === null || !same(now, version) ? 'gone' : 'done' };
  })();
  // Whichever is not waited for any more ends with the signal.
  looking.catch(() => undefined);
  try {
    return await Promise.race([told.promise, looking]);
  } finally {
    stop.abort();
    await listening;
  }
}

/** Takes a deployment back, and waits for the end of that; null where it was not under way any more. */
export async function takeBack(
  client: MarathonClient,
  group: string,
  deployment: string,
  signal: AbortSignal,
): Promise<Ending | null> {
  const begun = await client.revert(deployment, signal);
  return begun === null ? null : follow(client, group, begun, signal);
}

/** Reads events until one says that it has ended; takes a stream that breaks up again. */
async function listen(
  client: MarathonClient,
  deployment: string,
  tell: (ending: Ending) => void,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    try {
      for await (const { event, data } of client.events(types, () => undefined, signal)) {
        const parsed = ended.safeParse(JSON.parse(data));
        if (!parsed.success || parsed.data.id !== deployment) continue;
        tell(
          event === 'deployment_success'
            ? { type: 'done' }
            : { type: 'failed', why: parsed.data.reason ?? '' },
        );
        return;
      }
    } catch {
      // What is missed meanwhile is seen by looking.
    }
    await pause(200, undefined, { signal }).catch(() => undefined);
  }
}

async function until(
  client: MarathonClient,
  holds: (underWay: readonly string[]) => boolean,
  signal: AbortSignal,
): Promise<void> {
  while (!holds((await client.deployments(signal)).map(({ id }) => id)))
    await pause(look, undefined, { signal });
}

/** Marathon writes the same moment with and without trailing zeros. */
function same(one: string, other: string): boolean {
  return Date.parse(one) === Date.parse(other);
}
