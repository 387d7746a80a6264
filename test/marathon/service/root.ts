import type { AppDefinition, GroupDefinition } from '../schema.ts';
import { type App, filled, versioned } from './apps.ts';

export interface GroupEntry {
  readonly version: string;
  readonly dependencies: readonly string[];
}

/** All groups and apps at a moment. Never changed: a change gives another one. */
export interface Root {
  readonly groups: ReadonlyMap<string, GroupEntry>;
  readonly apps: ReadonlyMap<string, App>;
}

export const empty: Root = {
  groups: new Map([['/', { version: new Date(0).toISOString(), dependencies: [] }]]),
  apps: new Map(),
};

/** Whatever is changed, all groups get its version (state/RootGroup.scala: putGroup, updateVersion). */
export function allAt({ groups, apps }: Root, version: string): Root {
  return { groups: new Map([...groups].map(([id, group]) => [id, { ...group, version }])), apps };
}

export function parentOf(id: string): string {
  return id.slice(0, id.lastIndexOf('/')) || '/';
}

export function isIn(id: string, group: string): boolean {
  return group === '/' || id === group || id.startsWith(`${group}/`);
}

/** A group as an update makes it: apps or groups that it says nothing of stay (mesosphere/marathon, raml/GroupConversion.scala: UpdateGroupStructureOp). */
export function withGroup(root: Root, update: GroupDefinition, now: string): Root {
  const { id } = update;
  const groups = new Map(root.groups);
  const apps = new Map(root.apps);
  for (let above = parentOf(id); !groups.has(above); above = parentOf(above))
    groups.set(above, { version: now, dependencies: [] });
  const dependencies = update.dependencies ?? groups.get(id)?.dependencies ?? [];
  groups.set(id, { version: now, dependencies });
  if (update.apps) {
    for (const app of [...apps.keys()]) if (parentOf(app) === id) apps.delete(app);
    for (const app of update.apps) apps.set(app.id, appAt(root, app, now));
  }
  let made: Root = { groups, apps };
  if (update.groups) {
    const kept = new Set(update.groups.map((one) => one.id));
    for (const below of [...groups.keys()])
      if (below !== id && parentOf(below) === id && !kept.has(below)) made = withoutGroup(made, below);
    for (const below of update.groups) made = withGroup(made, below, now);
  }
  return made;
}

export function withoutGroup({ groups, apps }: Root, id: string): Root {
  const stays = ([one]: readonly [string, unknown]) => !isIn(one, id) || one === '/';
  return { groups: new Map([...groups].filter(stays)), apps: new Map([...apps].filter(stays)) };
}

export function withApp(root: Root, app: AppDefinition, now: string): Root {
  const groups = new Map(root.groups);
  for (let above = parentOf(app.id); !groups.has(above); above = parentOf(above))
    groups.set(above, { version: now, dependencies: [] });
  return { groups, apps: new Map(root.apps).set(app.id, appAt(root, app, now)) };
}

export function withoutApp({ groups, apps }: Root, id: string): Root {
  return { groups, apps: new Map([...apps].filter(([one]) => one !== id)) };
}

function appAt(root: Root, app: AppDefinition, now: string): App {
  const made = filled(app, { version: now, lastScalingAt: now, lastConfigChangeAt: now });
  return versioned(root.apps.get(app.id), made, now);
}

/**
 * What a deployment changed is as it was before, and what others changed since stays (core/deployment/impl/DeploymentPlanReverter.scala). What comes
 * back has been changed once more: it gets another version.
 */
export function reverted(root: Root, original: Root, target: Root, now: string): Root {
  const groups = new Map(root.groups);
  const apps = new Map(root.apps);
  for (const id of target.groups.keys()) {
    if (original.groups.has(id)) continue;
    const isUsed = [...apps.keys()].some((app) => isIn(app, id) && !target.apps.has(app));
    if (!isUsed) groups.delete(id);
  }
  for (const [id, group] of original.groups) if (!groups.has(id)) groups.set(id, group);
  for (const [id, app] of target.apps) {
    const before = original.apps.get(id);
    if (before === app) continue;
    if (before === undefined) apps.delete(id);
    else apps.set(id, versioned(apps.get(id), before, now));
  }
  for (const [id, before] of original.apps)
    if (!target.apps.has(id)) apps.set(id, versioned(apps.get(id), before, now));
  return { groups, apps };
}
