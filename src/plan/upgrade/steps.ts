import type { Plan } from '../../model/plan.ts';
import type { Desired, Task } from '../../model/resource.ts';
import { idOf } from '../timeline/names.ts';

/** What an upgrade does to a service, in the order in which it comes to pass. Names are without the service's. */
export interface ServiceSteps {
  readonly service: string;
  /** Tasks that must say yes before anything is changed. */
  readonly check: readonly string[];
  /** Tasks that run while the old version serves. */
  readonly before: readonly string[];
  /** Components that are exchanged, that are new, and that go. */
  readonly change: readonly string[];
  readonly create: readonly string[];
  readonly remove: readonly string[];
  /** Tasks that run when the new version serves. */
  readonly after: readonly string[];
  /** What a user of the platform notices, a sentence each. */
  readonly disturbs: readonly string[];
}

/** The plan of an upgrade by services, sorted; only those with which something happens. */
export function upgradeSteps(
  plan: Plan,
  desired: Pick<Desired, 'resources'>,
  checks: readonly Task[],
): ServiceSteps[] {
  const phases = new Map(
    desired.resources.flatMap((r) => (r.kind === 'task' ? [[r.id, r.phase] as const] : [])),
  );
  const acts = plan.changes.flatMap(({ key, action, mode, disturbs }) => {
    const [kind] = key.split(':', 1);
    if ((kind !== 'workload' && kind !== 'task') || mode === 'in-place') return [];
    const [service = '', name = ''] = idOf(key).split('/');
    const phase = phases.get(idOf(key));
    const late = phase === 'migrate' || phase === 'contract';
    if (kind === 'task')
      return action === 'run' ? [{ service, name, step: late ? 'after' : 'before', disturbs }] : [];
    const step = action === 'create' ? 'create' : action === 'delete' ? 'remove' : 'change';
    return [{ service, name, step, disturbs }];
  });
  const all = [
    ...checks.map(({ id, service }) => ({
      service,
      name: id.split('/')[1] ?? '',
      step: 'check',
      disturbs: [],
    })),
    ...acts,
  ];
  return [...new Set(all.map(({ service }) => service))].sort().map((service) => {
    const own = all.filter((one) => one.service === service);
    const of = (step: string) => own.flatMap((one) => (one.step === step ? [one.name] : []));
    return {
      service,
      check: of('check'),
      before: of('before'),
      change: of('change'),
      create: of('create'),
      remove: of('remove'),
      after: of('after'),
      disturbs: own.flatMap(({ disturbs }) => disturbs),
    };
  });
}
