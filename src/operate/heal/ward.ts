import { setTimeout as pause } from 'node:timers/promises';
import type { Engine } from '../../engines/engine.ts';
import { pinned } from '../../execute/pinned.ts';
import { Site } from '../../execute/site.ts';
import { secretOf } from '../../load/secret-of.ts';
import type { Desired } from '../../model/resource.ts';
import { atSlot } from '../../model/slots.ts';
import { openState } from '../../state/open.ts';
import type { Revision, StateStore } from '../../state/store.ts';
import { looking, running } from '../status.ts';
import type { Ward } from './heal.ts';

export interface WardRequest {
  readonly folder: string;
  /** Milliseconds between two looks where nothing happens. */
  readonly every: number;
  readonly signal: AbortSignal;
}

/**
 * A deployment as it is watched over: what runs is compared with the revision that was applied last, and started anew from exactly that. Throws
 * KLG-507 where nothing was ever applied.
 */
export async function openWard({ folder, every, signal }: WardRequest): Promise<Ward & AsyncDisposable> {
  const { engine, desired, settings } = await running(folder);
  const secret = secretOf(folder);
  // To look; what is done goes by what is read under the lock.
  const seen = await openState(settings, desired.deployment, { secret, live: true });
  const state = await openState(settings, desired.deployment, { secret });
  const look = looking(folder);
  const news = new News(engine, desired.deployment, signal);
  let applied: Revision | null = null;
  /** The revision that is to run; read again only when there is a newer one. */
  const current = async (from: StateStore): Promise<Desired> => {
    const newest = (await from.history()).findLast(({ status }) => status === 'done');
    if (newest?.number !== applied?.number) applied = await from.last();
    return applied?.desired ?? desired;
  };
  return {
    held: async () => {
      const paused = await seen.paused();
      if (paused) return pauseText(paused);
      const open = (await seen.unfinished())?.number;
      return open === undefined ? null : `revision ${open} is not finished: kollage up goes on with it`;
    },
    look: async () => ({ desired: await current(seen), status: await look() }),
    alone: async (act) => {
      await using _lock = await state.lock();
      await act();
    },
    restart: async ({ id }, { instance, state: found }) => {
      const whole = await current(state);
      const secrets = await state.secrets(applied?.number ?? 0);
      const secret = (name: string) => secrets.get(name);
      // The image that ran: where its name leads by now, a change may have failed.
      const observed = await engine.observe(whole.deployment, whole);
      const exact = pinned({ desired: whole, images: applied?.images ?? {} }, observed);
      const site = new Site({ engine, desired: exact, secret, emit: () => undefined, signal });
      try {
        const workload = site.resources.get(`workload:${id}`);
        if (workload?.kind !== 'workload') return;
        // By the name of one that is missing, an engine that makes them itself would take all of its workload away.
        if (found !== 'missing') await site.ask(() => engine.removeInstance(desired.deployment, instance));
        const number = site.numberOf(workload, instance);
        const own = atSlot(workload, number);
        await site.ask(() => engine.startInstance(own, instance, site.provision(workload, number)));
      } finally {
        await site.close();
      }
    },
    rest: () => news.next(every),
    [Symbol.asyncDispose]: async () => {
      await news.ended;
      await seen.close();
      await state.close();
    },
  };
}

/** Why nothing is touched during a pause. */
export function pauseText({ by, why, until }: { by: string; why: string; until: number | null }): string {
  const end = until === null ? '' : ` until ${new Date(until).toISOString()}`;
  return `paused by ${by}${end}${why === '' ? '' : `: ${why}`}`;
}

/** Wakes who rests when an instance ends. */
class News {
  readonly #signal: AbortSignal;
  #wake = new AbortController();
  /** Resolves when nothing more is heard. */
  readonly ended: Promise<void>;

  constructor(engine: Engine, deployment: string, signal: AbortSignal) {
    this.#signal = signal;
    this.ended = this.#listen(engine, deployment);
  }

  async next(milliseconds: number): Promise<void> {
    const signal = AbortSignal.any([this.#signal, this.#wake.signal]);
    await pause(milliseconds, undefined, { signal }).catch(() => undefined);
    this.#wake = new AbortController();
  }

  /** An engine that went away is listened to again: looking at it every now and then tells that it is back. */
  async #listen(engine: Engine, deployment: string): Promise<void> {
    while (!this.#signal.aborted) {
      try {
        for await (const { type } of engine.watch(deployment, this.#signal))
          if (type === 'exited') this.#wake.abort();
      } catch {
        // What is wrong with the engine is told by the next look.
      }
      await pause(again, undefined, { signal: this.#signal }).catch(() => undefined);
    }
  }
}

/** Milliseconds between two attempts to listen. */
const again = 1000;
