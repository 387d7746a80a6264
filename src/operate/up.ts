import { converge } from '../execute/converge.ts';
import { openDeployment } from '../load/deployment.ts';
import { readPasswords } from '../load/passwords.ts';
import { secretOf } from '../load/secret-of.ts';
import { throwFirst } from '../model/error.ts';
import type { KollageEvent } from '../model/event.ts';
import type { Plan } from '../model/plan.ts';
import type { Desired } from '../model/resource.ts';
import { runChecks } from '../plan/checks/checks.ts';
import { upgradeNote } from '../plan/upgrade/way.ts';
import { openState } from '../state/open.ts';
import { whoami } from '../state/who.ts';
import { holds } from './checks.ts';
import { engineFor } from './engine-of.ts';
import { type Confirm, hooksOf, refuseSilence } from './hooks.ts';
import { prepare } from './prepare.ts';
import { type Pulling, pullImages } from './pull.ts';

export interface UpRequest {
  readonly folder: string;
  readonly emit: (event: KollageEvent) => void;
  /** Shown before anything is changed. */
  readonly planned: (plan: Plan, desired: Desired) => void;
  /** Told of images that come from a registry, before there is a plan. */
  readonly pulling?: ((pulling: Pulling) => void) | undefined;
  readonly signal: AbortSignal;
  /** What the change is for, for the history. */
  readonly why?: string | undefined;
  /** Whether what failed before, and was taken back, is tried again. */
  readonly retry?: boolean | undefined;
  /** Whether fields that others have set in a cluster are taken over. */
  readonly takeOver?: boolean | undefined;
  /** Asked what hooks want a person to say yes to; where not given nobody can be asked. */
  readonly confirm?: Confirm | undefined;
  /** Taken in place of what the folder says. */
  readonly instead?: { readonly release: string };
}

/**
 * Makes what runs equal to what the folder says, whole or not at all; gives the number of the revision, or null when there was nothing to do. A run
 * that was killed is gone on with. Throws the first finding that is an error, KLG-503 when another one works on it, KLG-511 for what failed
 * before, KLG-515 where hooks wait for a person who cannot be
 * asked, KLG-530 for a release that cannot be reached, and KLG-5xx for what fails: then what ran before runs again, unless it was the first time.
 */
export async function up(request: UpRequest): Promise<number | null> {
  const { folder, emit, planned, signal, why = '', retry = false, instead, confirm = null } = request;
  const { pulling = () => undefined, takeOver = false } = request;
  const { deployment, catalog, desired, findings } = await prepare(folder, instead);
  throwFirst(findings);
  const secret = secretOf(folder);
  const engine = engineFor(deployment.engine, { takeOver, secret });
  await engine.version();
  const state = await openState(deployment.engine, deployment.name, { secret });
  try {
    await using _lock = await state.lock();
    await pullImages({ engine, deployment, desired, tell: pulling });
    return await converge({
      engine,
      store: state,
      desired,
      by: whoami(),
      why,
      retry,
      emit,
      signal,
      secrets: async () => {
        const { values } = await readPasswords(openDeployment(folder));
        return (name) => values.get(name)?.reveal();
      },
      hooks: hooksOf(deployment.hooks, { folder, engine, desired }, confirm),
      check: () => holds(deployment.checks, { folder, engine, desired, signal }),
      planned: async ({ plan, observed, last }) => {
        if (last && last.release !== desired.release)
          upgradeNote(catalog.file.value.releases, last.release, desired.release);
        const all = [...findings, ...runChecks({ desired, last, observed }), ...plan.findings];
        throwFirst(all);
        refuseSilence(deployment.hooks, plan, last, confirm);
        planned({ ...plan, findings: all }, desired);
        return true;
      },
    });
  } finally {
    await state.close();
  }
}
