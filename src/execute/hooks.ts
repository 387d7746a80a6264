import type { Change, Plan } from '../model/plan.ts';
import type { Desired } from '../model/resource.ts';
import { idOf } from '../plan/timeline/names.ts';
import { noted, type Revision, type StateStore } from '../state/store.ts';

export type When = 'before' | 'after';

/** What a person wants done before and after a service is updated. */
export interface Hooks {
  /** What would run, in words; empty for nothing. */
  names(service: string, when: When): readonly string[];
  /** Runs it. KLG-514 when it fails, KLG-515 when a person says no. */
  run(service: string, when: When, signal: AbortSignal): Promise<void>;
}

/**
 * The services whose workloads a plan changes, sorted, each with what of it is an update: `before` holds for those that were there already, for
 * of what is new there is no before.
 */
export function updatedServices(plan: Plan, last: Desired | null): ReadonlyMap<string, readonly When[]> {
  const known = new Set(last?.resources.flatMap((one) => (one.kind === 'workload' ? [one.service] : [])));
  const changed = plan.changes.flatMap((change) =>
    change.key.startsWith('workload:') ? [serviceOf(change)] : [],
  );
  return new Map(
    [...new Set(changed)]
      .sort()
      .map((service) => [service, known.has(service) ? ['before', 'after'] : ['after']] as const),
  );
}

/** Lets hooks run around the changes of services, each once: before the first of a service's changes begins, and after the last is done. */
export class Around {
  readonly #hooks: Hooks;
  readonly #signal: AbortSignal;
  readonly #open = new Map<string, number>();
  readonly #before = new Map<string, Promise<void>>();

  constructor(plan: Plan, hooks: Hooks, signal: AbortSignal) {
    this.#hooks = hooks;
    this.#signal = signal;
    for (const change of plan.changes)
      if (isProcess(change)) this.#open.set(serviceOf(change), (this.#open.get(serviceOf(change)) ?? 0) + 1);
  }

  /** `told`: called where there is something to wait for, and with nothing when that is over. */
  async before(change: Change, told: (needs: readonly string[]) => void): Promise<void> {
    const service = serviceOf(change);
    const names = this.#hooks.names(service, 'before');
    if (names.length === 0) return;
    told(names);
    const run = this.#before.get(service) ?? this.#hooks.run(service, 'before', this.#signal);
    this.#before.set(service, run);
    await run;
    told([]);
  }

  async after(change: Change, told: (needs: readonly string[]) => void): Promise<void> {
    const service = serviceOf(change);
    const left = (this.#open.get(service) ?? 0) - 1;
    this.#open.set(service, left);
    const names = left === 0 ? this.#hooks.names(service, 'after') : [];
    if (names.length === 0) return;
    told(names);
    await this.#hooks.run(service, 'after', this.#signal);
  }
}

/** Whether a change is one that is told of: nothing else takes time. */
function isProcess({ key, action }: Change): boolean {
  return key.startsWith('workload:') || (key.startsWith('task:') && action === 'run');
}

function serviceOf({ key }: Change): string {
  return idOf(key).split('/')[0] ?? '';
}

/**
 * The hooks that a revision has yet to run, and `rest` for those whose changes an earlier run has done already. What has run is noted when it is over:
 * a hook that a crash cuts off runs again.
 */
export async function dueHooks(
  { store, signal }: { readonly store: StateStore; readonly signal: AbortSignal },
  { number }: Pick<Revision, 'number'>,
  { plan, last }: { readonly plan: Plan; readonly last: Desired | null },
  hooks: Hooks,
): Promise<Hooks & { rest(): Promise<void> }> {
  const known = noted(await store.journal(number), 'hook').filter(({ revision }) => revision === number);
  const have = new Set(known.map(({ service, what }) => `${what} ${service}`));
  const note = async (service: string, what: 'due' | When) => {
    have.add(`${what} ${service}`);
    await store.note(number, { type: 'hook', service, what, revision: number });
  };
  for (const [service, occasions] of updatedServices(plan, last)) {
    if (have.has(`due ${service}`)) continue;
    if (!occasions.some((when) => hooks.names(service, when).length > 0)) continue;
    await note(service, 'due');
    if (!occasions.includes('before')) await note(service, 'before');
  }
  const due = [...have].flatMap((one) => (one.startsWith('due ') ? [one.slice('due '.length)] : []));
  const names = (service: string, when: When) =>
    have.has(`due ${service}`) && !have.has(`${when} ${service}`) ? hooks.names(service, when) : [];
  const run = async (service: string, when: When, until: AbortSignal) => {
    await hooks.run(service, when, until);
    await note(service, when);
  };
  return {
    names,
    run,
    rest: async () => {
      for (const service of due.sort())
        if (names(service, 'after').length > 0) await run(service, 'after', signal);
    },
  };
}
