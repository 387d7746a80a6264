import { openDeployment } from '../load/deployment.ts';
import { readPasswords } from '../load/passwords.ts';
import { secretOf } from '../load/secret-of.ts';
import { KollageError, throwFirst } from '../model/error.ts';
import type { KollageEvent } from '../model/event.ts';
import type { Desired } from '../model/resource.ts';
import { runChecks } from '../plan/checks/checks.ts';
import { makePlan } from '../plan/plan.ts';
import { type ServiceSteps, upgradeSteps } from '../plan/upgrade/steps.ts';
import { upgradeNote } from '../plan/upgrade/way.ts';
import { openState } from '../state/open.ts';
import { engineFor } from './engine-of.ts';
import { changeDeploymentFile } from './kollage-yaml/write.ts';
import { type Prepared, prepare } from './prepare.ts';
import { pullImages } from './pull.ts';
import { reading } from './revisions.ts';
import { type UpRequest, up } from './up.ts';
import { setRelease } from './upgrade/set-release.ts';
import { ofPhase, proveAll } from './verify/prove-all.ts';

export interface UpgradePlan {
  readonly deployment: string;
  readonly from: string;
  readonly to: string;
  /** What is to be known of an upgrade between these two. */
  readonly note: string | null;
  readonly services: readonly ServiceSteps[];
}

export interface UpgradeRequest {
  readonly folder: string;
  readonly release: string;
  /** Called before anything is done. */
  readonly planned: (plan: UpgradePlan) => void;
  /** Called before the processes of which events will tell: the checks, and those of the upgrade itself. */
  readonly checking: (checks: Pick<Desired, 'resources'>) => void;
  readonly follows: (desired: Pick<Desired, 'resources'>) => void;
  readonly emit: (event: KollageEvent) => void;
  /** Waited for when the checks have said yes; throws where it shall not be done. */
  readonly agreed: () => Promise<void>;
  readonly signal: AbortSignal;
  /** Whether what failed before, and was taken back, is tried again. */
  readonly retry?: boolean | undefined;
  readonly pulling?: UpRequest['pulling'];
  readonly confirm?: UpRequest['confirm'];
}

/**
 * Brings what runs to another release of its catalog: refuses what cannot be (KLG-530), asks the checks of the services (KLG-531), then does what
 * `up` does for a folder that names that release, and writes the release into kollage.yaml when that stands. Gives the number of
 * the revision; null when there was nothing to do. An upgrade that was interrupted goes on. Throws what `up` throws.
 */
export async function upgrade(request: UpgradeRequest): Promise<number | null> {
  const { folder, release, signal, emit, follows } = request;
  const { from, open } = await reading(folder, async (state) => {
    const unfinished = (await state.unfinished())?.desired.release;
    return { from: (await state.last())?.desired.release ?? unfinished ?? '', open: unfinished === release };
  });
  const prepared = await target(folder, from, release);
  // What is halfway there cannot be asked any more whether it may begin.
  if (!open) {
    await check(request, from, prepared);
    await request.agreed();
  }
  const number = await up({
    folder,
    instead: { release },
    why: `upgrade from ${from} to ${release}`,
    planned: (_, desired) => follows(desired),
    emit,
    signal,
    retry: request.retry,
    confirm: request.confirm,
    pulling: request.pulling,
  }).catch((error: unknown) => {
    throw error instanceof KollageError && error.code === 'KLG-506' ? goesOn(release, error) : error;
  });
  write(folder, release);
  return number;
}

/** What the folder says with the other release in place of its own; refused before it is compiled where there is no way to that. */
async function target(folder: string, from: string, release: string): Promise<Prepared> {
  const { catalog } = await prepare(folder);
  upgradeNote(catalog.file.value.releases, from, release);
  const prepared = await prepare(folder, { release });
  throwFirst(prepared.findings);
  return prepared;
}

/** Shows what will be done, and asks the platform whether it may be. */
async function check(request: UpgradeRequest, from: string, prepared: Prepared): Promise<void> {
  const { folder, release: to, signal, emit, pulling = () => undefined } = request;
  const { deployment, desired, proofs, catalog } = prepared;
  const secret = secretOf(folder);
  const engine = engineFor(deployment.engine, { secret });
  await engine.version();
  const state = await openState(deployment.engine, deployment.name, { secret });
  await using _lock = await state.lock();
  const checks = ofPhase(proofs, 'check');
  const whole = { ...desired, resources: [...desired.resources, ...checks] };
  await pullImages({ engine, deployment, desired: whole, tell: pulling });
  const last = (await state.last())?.desired ?? null;
  const observed = await engine.observe(deployment.name, desired);
  const plan = makePlan({ desired, last, observed });
  throwFirst([...runChecks({ desired, last, observed }), ...plan.findings]);
  const only = { ...desired, resources: checks };
  throwFirst(runChecks({ desired: only, last: null, observed }).filter(({ code }) => code === 'KLG-406'));
  const note = upgradeNote(catalog.file.value.releases, from, to);
  request.planned({
    deployment: deployment.name,
    from,
    to,
    note,
    services: upgradeSteps(plan, desired, checks),
  });
  if (checks.length === 0) return;
  const { values } = await readPasswords(openDeployment(folder));
  request.checking(only);
  const failed = await proveAll({
    engine,
    desired: last ?? desired,
    proofs: checks,
    files: proofs,
    secret: (name) => values.get(name)?.reveal(),
    emit,
    file: () => undefined,
    signal,
  });
  if (signal.aborted) throw new KollageError({ code: 'KLG-506', message: 'interrupted' });
  if (failed.length > 0)
    throw new KollageError({ code: 'KLG-531', message: `${failed.join(', ')} refused the upgrade to ${to}` });
}

function goesOn(release: string, cause: KollageError): KollageError {
  return new KollageError(
    {
      code: 'KLG-506',
      message: `the upgrade to ${release} was interrupted`,
      next: `\`kollage upgrade --release ${release}\` goes on with it; \`kollage up\` goes back to the release in kollage.yaml.`,
    },
    { cause },
  );
}

/** Sets the release in kollage.yaml. KLG-903. */
function write(folder: string, release: string): void {
  try {
    changeDeploymentFile(folder, (text) => setRelease(text, release));
  } catch (cause) {
    if (!(cause instanceof KollageError) || cause.code !== 'KLG-903') throw cause;
    const message = `${release} runs, but kollage.yaml cannot say so: ${cause.message}`;
    throw new KollageError({ code: 'KLG-903', message, next: `Set release: "${release}" in it.` }, { cause });
  }
}
