import { randomUUID } from 'node:crypto';
import { type App, isOnlyScaled, needsRestart } from './apps.ts';
import { isIn, type Root } from './root.ts';

export interface Action {
  readonly action: 'StartApplication' | 'StopApplication' | 'ScaleApplication' | 'RestartApplication';
  readonly app: App;
  /** Instances that are to go, of one that is scaled down. */
  readonly sentenced: readonly string[];
}

export interface Plan {
  readonly id: string;
  readonly version: string;
  readonly original: Root;
  readonly target: Root;
  readonly steps: readonly (readonly Action[])[];
  readonly affected: ReadonlySet<string>;
}

/**
 * The steps of a deployment (mesosphere/marathon, core/deployment/DeploymentPlan.scala: apply): all that go are stopped, all that are new are started at none,
 * then layer by layer of what depends on what, each is scaled or restarted.
 */
export function planOf(
  original: Root,
  target: Root,
  version: string,
  sentenced: ReadonlyMap<string, readonly string[]> = new Map(),
): Plan {
  const act = (action: Action['action']) => (app: App) => ({ action, app, sentenced: [] });
  const stops = [...original.apps.values()].filter(({ id }) => !target.apps.has(id));
  const starts = [...target.apps.values()].filter(({ id }) => !original.apps.has(id));
  const changed = [...target.apps.values()].filter((app) => original.apps.get(app.id) !== app);
  const layers = Map.groupBy(changed, (app) => depth(target, app.id));
  const ordered = [...layers].toSorted(([one], [other]) => one - other);
  const steps = [
    stops.map(act('StopApplication')),
    starts.map(act('StartApplication')),
    ...ordered.map(([, apps]) =>
      apps.flatMap((app) => step(original.apps.get(app.id), app, sentenced.get(app.id) ?? [])),
    ),
  ].filter((actions) => actions.length > 0);
  const affected = new Set(steps.flatMap((actions) => actions.map(({ app }) => app.id)));
  return { id: randomUUID(), version, original, target, steps, affected };
}

function step(before: App | undefined, app: App, sentenced: readonly string[]): Action[] {
  if (before === undefined) return [{ action: 'ScaleApplication', app, sentenced: [] }];
  if (isOnlyScaled(before, app) || app.instances === 0)
    return [{ action: 'ScaleApplication', app, sentenced }];
  if (needsRestart(before, app)) return [{ action: 'RestartApplication', app, sentenced: [] }];
  return sentenced.length > 0 ? [{ action: 'ScaleApplication', app, sentenced }] : [];
}

/** How long the longest way of dependencies is that begins at an app: those of its own and of its groups, on apps and on all of groups. */
function depth(root: Root, id: string, seen: readonly string[] = []): number {
  if (seen.includes(id)) return seen.length;
  const groups = [...root.groups].filter(([group]) => isIn(id, group));
  const wanted = [
    ...(root.apps.get(id)?.dependencies ?? []),
    ...groups.flatMap(([, { dependencies }]) => dependencies),
  ];
  const below = [...root.apps.keys()].filter((app) => app !== id && wanted.some((one) => isIn(app, one)));
  return 1 + Math.max(0, ...below.map((app) => depth(root, app, [...seen, id])));
}
