import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

const root = '/sys/fs/cgroup';

/** Makes a control group, and those above it, in every hierarchy, of version 1 or 2 (cgroups(7)). */
export function makeGroup(group: string): void {
  for (const hierarchy of hierarchies()) makeIn(hierarchy, group);
}

/** The processes of a group, as this host numbers them. */
export function processesOf(group: string): number[] {
  const file = hierarchies()
    .map((hierarchy) => join(hierarchy, group, 'cgroup.procs'))
    .find(existsSync);
  return file === undefined ? [] : readFileSync(file, 'utf8').split('\n').filter(Boolean).map(Number);
}

/** Takes a group away, with all below it. Its processes have been killed; when the last of them is gone from it, only trying tells. */
export async function removeGroup(group: string): Promise<void> {
  for (const hierarchy of hierarchies()) {
    for (const until = Date.now() + 20_000; !gone(join(hierarchy, group)); await pause(20))
      if (Date.now() > until) throw new Error(`${join(hierarchy, group)} still has processes`);
  }
}

function hierarchies(): string[] {
  if (existsSync(join(root, 'cgroup.controllers'))) return [root];
  return readdirSync(root)
    .map((name) => join(root, name))
    .filter((folder) => existsSync(join(folder, 'cgroup.procs')));
}

function makeIn(hierarchy: string, group: string): void {
  if (group === '/' || existsSync(join(hierarchy, group))) return;
  const above = dirname(group);
  makeIn(hierarchy, above);
  const controllers = join(hierarchy, above, 'cgroup.controllers');
  if (existsSync(controllers)) {
    const all = readFileSync(controllers, 'utf8').trim().split(' ').filter(Boolean);
    writeFileSync(join(hierarchy, above, 'cgroup.subtree_control'), all.map((name) => `+${name}`).join(' '));
  }
  mkdirSync(join(hierarchy, group));
  // A new group of version 1 has no processors, and takes no process before it has.
  for (const file of ['cpuset.cpus', 'cpuset.mems'])
    if (!existsSync(controllers) && existsSync(join(hierarchy, group, file)))
      writeFileSync(join(hierarchy, group, file), readFileSync(join(hierarchy, above, file)));
}

function gone(folder: string): boolean {
  if (!existsSync(folder)) return true;
  try {
    for (const entry of readdirSync(folder, { withFileTypes: true }))
      if (entry.isDirectory() && !gone(join(folder, entry.name))) return false;
    rmdirSync(folder);
    return true;
  } catch {
    return false;
  }
}
