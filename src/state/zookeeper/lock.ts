import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { KollageError } from '../../model/error.ts';
import { code, ignoring, is } from '../../zookeeper/errors.ts';
import type { Op } from '../../zookeeper/protocol.ts';
import { busy, holder, isDead, newHolder } from '../holder.ts';
import type { Place } from './place.ts';

/** Milliseconds that the ensemble may take to notice that a session has expired, beside its time. */
const late = 1000;

/** What the node of a holder says: who it is, and how long its session lives unheard. */
const content = holder.extend({ timeout: z.number() });

/** A lock that is held, until it is given back or its session expires. */
export interface Held extends AsyncDisposable {
  /** To be made together with each change: it holds only while the lock does. */
  readonly check: Op;
}

/**
 * Takes the lock of a deployment: an ephemeral child of the node `lock`, whose data says whose turn it is, so that of two that find it free one takes it.
 * From a process that died on this machine at once; one that died elsewhere loses it with its session, for which this waits; one whose session goes
 * on is alive: KLG-503.
 */
export async function takeLock(place: Place): Promise<Held> {
  const { client } = place;
  const path = place.path('lock');
  const me = newHolder();
  const mine = `${path}/${me.id}`;
  const since = performance.now();
  for (;;) {
    const lock = await client.get(path);
    const [other] = (await client.children(path)) ?? [];
    if (other === undefined) {
      const { version } = lock?.stat ?? { version: 0 };
      const turn: Op = { type: 'set', path, data: Buffer.from(me.id), version };
      const said = { ...me, timeout: client.session.timeout };
      const own = { ...place.create(mine, Buffer.from(JSON.stringify(said))), ephemeral: true };
      try {
        await place.write([turn, own]);
        return held(place, mine);
      } catch (error) {
        if (!is(error, code.badVersion)) throw error;
        continue;
      }
    }
    const { promise: gone, resolve } = Promise.withResolvers<string>();
    const there = await client.get(`${path}/${other}`, resolve);
    if (there === null) continue;
    const who = content.safeParse(parsed(there.data)).data;
    if (who !== undefined && isDead(who)) {
      await ignoring([code.noNode], () => client.remove(`${path}/${other}`));
      continue;
    }
    const left = since + (who?.timeout ?? 0) + late - performance.now();
    // A process of this machine that lives need not prove it.
    if (who?.machine === me.machine || left <= 0) throw busy(who, there.stat.ctime);
    const stop = new AbortController();
    await Promise.race([gone, pause(left, undefined, { signal: stop.signal }).catch(() => undefined)]);
    stop.abort();
  }
}

/** What a change that was refused because the lock is not held any more is told as; any other error as it is. */
export function toldLost(error: unknown, { check }: Held, { deployment }: Place): unknown {
  if (!is(error, code.noNode) || error.path !== check.path) return error;
  const message = `the lock of ${deployment} was lost: ZooKeeper did not hear of this process in time`;
  return new KollageError({ code: 'KLG-503', message }, { cause: error });
}

function held({ client }: Place, path: string): Held {
  return {
    check: { type: 'check', path, version: -1 },
    async [Symbol.asyncDispose]() {
      try {
        await client.remove(path);
      } catch {
        // It was lost, or goes with the session.
      }
    },
  };
}

function parsed(data: Buffer): unknown {
  try {
    return JSON.parse(data.toString());
  } catch {
    return undefined;
  }
}
