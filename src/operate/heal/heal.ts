import { graceOf } from '../../execute/health.ts';
import type { InstanceRef, KollageEvent } from '../../model/event.ts';
import type { Desired, Workload } from '../../model/resource.ts';
import type { Status, WorkloadStatus } from '../status.ts';
import { causes } from './causes.ts';
import { type Look, Patients } from './patients.ts';

/** What is watched over, and how it is treated. */
export interface Ward {
  /** Why nothing may be touched now, such as a pause or a change that was begun; null when it may. */
  held(): Promise<string | null>;
  look(): Promise<{ readonly desired: Desired; readonly status: Status }>;
  /** Does something while nobody else works on the deployment. Throws KLG-503 at once when someone does. */
  alone(act: () => Promise<void>): Promise<void>;
  /** Starts an instance anew, as the revision that runs has it; resolves when it was started, not when it is well. */
  restart(workload: Workload, row: WorkloadStatus): Promise<void>;
  /** Resolves when it is time to look again, or something happened. */
  rest(): Promise<void>;
}

export interface Watch {
  readonly ward: Ward;
  readonly emit: (event: HealEvent) => void;
  readonly signal: AbortSignal;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** What is told while a deployment is watched over. */
export type HealEvent =
  | KollageEvent
  | ({
      readonly at: number;
      readonly type: 'gave-up';
      readonly treatments: number;
      readonly why: string;
      readonly logs: readonly string[];
    } & InstanceRef)
  /** Somebody changed it by hand. It is left as it is: `up` puts it right. */
  | ({ readonly at: number; readonly type: 'changed'; readonly why: string } & InstanceRef)
  /** Nothing is touched for now. */
  | { readonly at: number; readonly type: 'held'; readonly why: string }
  | { readonly at: number; readonly type: 'resumed' };

type Told = HealEvent extends infer E ? (E extends { at: number } ? Omit<E, 'at'> : never) : never;

/**
 * Watches over a deployment until the signal: what is dead or wedged is started anew, what only misses something else is left alone, and what
 * does not get well is given up with a loud word. Never touches anything while someone else works on the deployment. Gives the instances that
 * it gave up and that are not well.
 */
export async function heal({ ward, emit, signal, now }: Watch): Promise<readonly string[]> {
  const rounds = new Rounds(ward, now, (event) => emit({ at: now(), ...event }));
  while (!signal.aborted) {
    await rounds.next();
    await ward.rest();
  }
  return rounds.givenUp;
}

class Rounds {
  readonly #ward: Ward;
  readonly #now: () => number;
  readonly #emit: (event: Told) => void;
  readonly #patients = new Patients();
  /** The instances that were told to be unwell. */
  readonly #unwell = new Set<string>();
  readonly #givenUp = new Set<string>();
  /** What was told of instances that somebody changed. */
  readonly #changed = new Map<string, string>();
  #held: string | null = null;

  constructor(ward: Ward, now: () => number, emit: (event: Told) => void) {
    this.#ward = ward;
    this.#now = now;
    this.#emit = emit;
  }

  get givenUp(): readonly string[] {
    return [...this.#givenUp].sort();
  }

  async next(): Promise<void> {
    try {
      const held = await this.#ward.held();
      if (held === null) await this.#round();
      this.#hold(held);
    } catch (error) {
      // The engine may be away for a while, and a person may have come first: both pass.
      this.#hold(error instanceof Error ? error.message : String(error));
    }
  }

  async #round(): Promise<void> {
    const { desired, status } = await this.#ward.look();
    const workloads = new Map(
      desired.resources.flatMap((resource) =>
        resource.kind === 'workload' ? [[resource.id, resource] as const] : [],
      ),
    );
    const rows = status.workloads.flatMap((row) => {
      const workload = workloads.get(row.workload);
      return workload ? [{ row, workload }] : [];
    });
    const due = rows.filter(({ row, workload }) => this.#judge(row, workload));
    const roots = causes(desired, new Set(rows.flatMap(({ row }) => (isWell(row) ? [] : [row.workload]))));
    // What is down may be started whatever it needs: it waits for that inside.
    const treated = onceEach(
      due.filter(({ row }) => stateOf(row) === 'down' || roots.has(row.workload)),
      ({ row }) => row.instance,
    );
    if (treated.length === 0) return;
    await this.#ward.alone(async () => {
      await Promise.all(treated.map(({ row, workload }) => this.#treat(row, workload)));
    });
  }

  /** Whether an instance is due for treatment; tells what has changed about it. */
  #judge(row: WorkloadStatus, workload: Workload): boolean {
    const ref = { key: `workload:${row.workload}` as const, instance: row.instance, node: row.node };
    if (!isWell(row) && !this.#unwell.has(row.instance)) {
      this.#unwell.add(row.instance);
      this.#emit({ type: 'unhealthy', why: row.why, ...ref });
    }
    if (isWell(row) && this.#unwell.delete(row.instance)) {
      this.#givenUp.delete(row.instance);
      this.#emit({ type: 'healthy', ...ref });
    }
    const changed = row.state === 'changed' ? row.why : '';
    if (changed !== '' && changed !== this.#changed.get(row.instance))
      this.#emit({ type: 'changed', why: changed, ...ref });
    this.#changed.set(row.instance, changed);
    // What is done from here would not reach it, or would end it when its node is heard again.
    if (row.state === 'away') return false;
    const { own, platform } = graceOf(workload);
    const grace = { start: platform * 1000, silence: own * 1000 };
    const verdict = this.#patients.look(row.instance, { at: this.#now(), state: stateOf(row), grace });
    if (verdict === 'give-up') {
      this.#givenUp.add(row.instance);
      const treatments = this.#patients.treatments(row.instance);
      this.#emit({ type: 'gave-up', treatments, why: row.why, logs: row.logs, ...ref });
    }
    return verdict === 'treat';
  }

  async #treat(row: WorkloadStatus, workload: Workload): Promise<void> {
    const key = `workload:${row.workload}` as const;
    const reason = { what: 'state', where: row.node, before: row.why, after: 'healthy' } as const;
    this.#emit({ type: 'change-started', key, action: 'update', mode: 'restart', reasons: [reason] });
    this.#patients.treated(row.instance, this.#now());
    try {
      await this.#ward.restart(workload, row);
      this.#emit({ type: 'change-done', key });
    } catch (error) {
      // Whatever it was: the others are still watched over, and this one is looked at again.
      const message = error instanceof Error ? error.message : String(error);
      this.#emit({ type: 'change-failed', key, message, logs: [] });
    }
  }

  #hold(why: string | null): void {
    if (why !== this.#held) this.#emit(why === null ? { type: 'resumed' } : { type: 'held', why });
    this.#held = why;
  }
}

/** Where an engine makes the instances of a workload by itself, those that are missing have but one name. */
function onceEach<T>(all: readonly T[], name: (one: T) => string): readonly T[] {
  return [...new Map(all.map((one) => [name(one), one])).values()];
}

function isWell(row: WorkloadStatus): boolean {
  return stateOf(row) === 'well';
}

/** One that runs with another configuration, or that somebody changed, answers: a person's `up` puts it right, not the watch. */
function stateOf({ state }: WorkloadStatus): Look['state'] {
  if (state === 'healthy' || state === 'outdated' || state === 'changed') return 'well';
  return state === 'unhealthy' ? 'wedged' : 'down';
}
