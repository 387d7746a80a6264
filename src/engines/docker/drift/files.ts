import { lstatSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { Drift } from '../../../model/plan.ts';
import type { ConfigFile, Process } from '../../../model/resource.ts';
import { byHandDiff } from '../../../plan/reasons/by-hand.ts';
import { readInside } from './inside.ts';

/** A file as it shall lie on the disk, its secrets filled in. */
export interface FilledFile {
  readonly file: ConfigFile;
  readonly content: string;
  readonly mode: number;
}

/** The files of an instance that runs. */
export interface FilesOf {
  readonly start: Process['start'];
  readonly wanted: readonly FilledFile[];
  /** The host's folder with them. */
  readonly folder: string;
  /** The root of its process, seen from here; null where we cannot look into it. */
  readonly root: string | null;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** Puts tokens in the place of secrets. */
  readonly unfill: (text: string) => string;
}

/** What somebody changed of an instance's files, on the host and in its container. */
export function fileDrift(files: FilesOf): Drift[] {
  return [...hostDrift(files), ...(insideDrift(files) ?? [])];
}

/** What differs on the host from what an instance's files shall be. */
export function hostDrift({ start, wanted, folder, startedAt, unfill }: FilesOf): Drift[] {
  return wanted.flatMap((one) => {
    const { name, path } = one.file;
    const there = hostFile(join(folder, name));
    // Kolla's images copy a file when they start, or read it then: the process itself does not see what comes after.
    const isSeen = start === 'plain' ? path !== null : path === null && (there?.changedAt ?? 0) < startedAt;
    return differences(one, there, `on the host, in ${folder}`, isSeen ? { file: name } : 'in-place', unfill);
  });
}

/**
 * What differs in the container from what kolla_set_configs shall have copied there. Null where that cannot be told: it has copied nothing yet,
 * or we cannot look.
 */
export function insideDrift({ start, wanted, root, startedAt, unfill }: FilesOf): Drift[] | null {
  if (start !== 'kolla') return [];
  if (root === null) return null;
  try {
    // Written when all files are copied, each time that the container starts (the contract of Kolla's images).
    const command = readInside(root, '/run_command');
    if (!command || command.changedAt < startedAt) return null;
    const drift = wanted.flatMap((one) => {
      const { name, path, rewritten } = one.file;
      if (path === null || rewritten) return [];
      const there = readInside(root, path.endsWith('/') ? `${path}${name}` : path);
      const mode = hasPermissions(wanted, path) ? (there?.mode ?? 0) : one.mode;
      return differences({ ...one, mode }, there, 'in the container', { file: name }, unfill);
    });
    // A process that ended meanwhile has no files.
    return readInside(root, '/run_command') ? drift : null;
  } catch {
    return null;
  }
}

interface Found {
  /** Null when it cannot be read. */
  readonly content: string | null;
  readonly mode: number;
}

function differences(
  { file: { name }, content, mode }: FilledFile,
  there: Found | null,
  where: string,
  remedy: Drift['remedy'],
  unfill: (text: string) => string,
): Drift[] {
  if (!there) return [{ text: `${name} was removed by hand ${where}`, remedy }];
  const drift: Drift[] = [];
  if (there.content !== content) {
    const diff = there.content === null ? undefined : byHandDiff(there.content, content, unfill);
    const text = `${name} was changed by hand ${where}`;
    drift.push(diff === undefined ? { text, remedy } : { text, diff, remedy });
  }
  if (there.mode !== mode) {
    const [is, shall] = [there.mode, mode].map((one) => `0${one.toString(8)}`);
    drift.push({ text: `the mode of ${name} was changed by hand ${where}: ${is} -> ${shall}`, remedy });
  }
  return drift;
}

function hostFile(path: string): (Found & { readonly changedAt: number }) | null {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (!stat) return null;
  const content = stat.isFile() ? readFileSync(path, 'utf8') : null;
  return { content, mode: stat.mode & 0o7777, changedAt: stat.ctimeMs };
}

const kollaConfig = z.object({ permissions: z.array(z.object({ path: z.string() })).default([]) });

/** Whether Kolla's config.json gives a path another owner and mode after it was copied. */
function hasPermissions(files: readonly FilledFile[], path: string): boolean {
  const config = files.find(({ file }) => file.name === 'config.json' && file.path === null);
  if (!config) return false;
  const { permissions } = kollaConfig.parse(JSON.parse(config.content));
  return permissions.some(({ path: given }) => {
    const [start = ''] = given.split(/[*?[]/);
    return path === given || path.startsWith(start === given ? `${given.replace(/\/$/, '')}/` : start);
  });
}
