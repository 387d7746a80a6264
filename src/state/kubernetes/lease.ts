import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { ApiError } from '../../kubernetes/errors.ts';
import type { ApiObject } from '../../kubernetes/object.ts';
import { KollageError } from '../../model/error.ts';
import { busy, type Holder, holder, isDead, newHolder } from '../holder.ts';
import type { Place } from './place.ts';

/** Milliseconds. A lock that was not renewed for as long is nobody's any more. */
const duration = 15_000;
const renewal = 3_000;

/** A time is the API server's, whose clock all share. */
const lease = z.looseObject({
  spec: z.looseObject({
    holderIdentity: z.string().optional(),
    acquireTime: z.string().optional(),
    renewTime: z.string().optional(),
  }),
});

/** By their ids, those of this process that were given back while the API server could not be told. */
const givenBack = new Set<string>();

/** A lock that is held: renewed until it is given back. */
export interface Held extends AsyncDisposable {
  /** Throws KLG-503 when it was lost: it could not be renewed in time, and may be another's. */
  check(): void;
}

/**
 * Takes the lock of a deployment. From a process that died on this machine at once; from one that died elsewhere when its time is over, for which
 * this waits; one that renews it is alive: KLG-503.
 */
export async function takeLease(place: Place): Promise<Held> {
  const me = newHolder();
  let seen: string | undefined;
  for (;;) {
    const there = await place.client.get(place.at('Lease', place.name()));
    const { spec } = lease.parse(there ?? { spec: {} });
    const other = spec.holderIdentity ? holder.safeParse(json(spec.holderIdentity)).data : undefined;
    const left = Date.parse(spec.renewTime ?? '') + duration - place.client.transport.now();
    if (
      !spec.holderIdentity ||
      !(left > 0) ||
      (other !== undefined && (isDead(other) || givenBack.has(other.id)))
    ) {
      const taken = await take(place, there, me);
      if (taken !== null) return keep(place, taken, me);
      continue;
    }
    if (seen !== undefined && seen !== spec.renewTime)
      throw busy(other, Date.parse(spec.acquireTime ?? '') || 0);
    // A process of this machine that lives need not prove it.
    if (other?.machine === me.machine) throw busy(other, Date.parse(spec.acquireTime ?? '') || 0);
    seen = spec.renewTime;
    await pause(Math.min(left, renewal / 2));
  }
}

/** Null when somebody else was faster. */
async function take(place: Place, there: ApiObject | null, me: Holder): Promise<ApiObject | null> {
  const now = new Date(place.client.transport.now()).toISOString().replace('Z', '000Z');
  const wanted: ApiObject = {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: {
      ...(there?.metadata ?? { name: place.name(), namespace: place.namespace }),
      labels: place.labels('lock'),
    },
    spec: {
      holderIdentity: JSON.stringify(me),
      leaseDurationSeconds: duration / 1000,
      acquireTime: now,
      renewTime: now,
    },
  };
  try {
    return there === null ? await place.create(wanted) : await place.client.replace(wanted);
  } catch (error) {
    if (error instanceof ApiError && error.code === 409) return null;
    throw error;
  }
}

function keep(place: Place, taken: ApiObject, me: Holder): Held {
  let current = taken;
  let lost = false;
  let until = performance.now() + duration;
  let renewing: Promise<void> = Promise.resolve();
  const renew = async () => {
    const began = performance.now();
    const now = new Date(place.client.transport.now()).toISOString().replace('Z', '000Z');
    const { spec } = lease.parse(current);
    try {
      current = await place.client.replace({ ...current, spec: { ...spec, renewTime: now } });
      until = began + duration;
    } catch (error) {
      // Another's by now, or gone. All else may be better with the next try.
      if (error instanceof ApiError && (error.code === 409 || error.code === 404)) lost = true;
    }
  };
  const timer = setInterval(() => {
    renewing = renewing.then(() => (lost ? undefined : renew()));
  }, renewal);
  timer.unref();
  return {
    check() {
      if (!lost && performance.now() < until) return;
      throw new KollageError({
        code: 'KLG-503',
        message: `the lock of ${place.deployment} was lost: the API server could not be told in time that this process lives`,
      });
    },
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await renewing;
      if (lost) return;
      const { spec } = lease.parse(current);
      if (spec.holderIdentity !== JSON.stringify(me)) return;
      try {
        await place.client.replace({ ...current, spec: {} });
      } catch {
        // It runs out by itself.
        givenBack.add(me.id);
      }
    },
  };
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
