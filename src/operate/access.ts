import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { fillSecrets } from '../config/fill.ts';
import { openDeployment } from '../load/deployment.ts';
import { nameFile } from '../load/name-file.ts';
import { readPasswords } from '../load/passwords.ts';
import { type Finding, KollageError } from '../model/error.ts';
import type { Access, ConfigFile, Desired } from '../model/resource.ts';
import { savePrivately } from './secrets/save.ts';

/** What an operator has in hand after `up`. */
export interface HandedOver {
  /** Paths of the files of access that are as they shall be, as messages name them. */
  readonly files: readonly string[];
  /** Files that were left alone, or could not be written. */
  readonly findings: readonly Finding[];
}

/** Where it is noted what was written, by a hash: another content is somebody's own. */
const notes = '.kollage/access.json';
const noted = z.record(z.string(), z.string()).catch({});

/**
 * Writes the files that services hand to their operator into the deployment folder, with their secrets, for their owner alone. One that
 * somebody changed, or made, is left alone with a warning (KLG-127). What is right already is not written again. Never throws for a
 * file that cannot be written: the platform runs all the same.
 */
export async function handOver(folder: string, desired: Pick<Desired, 'resources'>): Promise<HandedOver> {
  const files = accessFiles(desired);
  if (files.length === 0) return { files: [], findings: [] };
  const { values } = await readPasswords(openDeployment(folder));
  const known = readNotes(folder);
  const written: Record<string, string> = {};
  const right: string[] = [];
  const findings: Finding[] = [];
  for (const { name, content } of files) {
    const path = join(folder, name);
    const text = fillSecrets(content, (secret) => values.get(secret)?.reveal());
    const there = read(path);
    if (there !== null && there !== text && hash(there) !== known[name]) {
      findings.push(changedByHand(path));
      continue;
    }
    try {
      if (there !== text) {
        ignore(folder, [name]);
        savePrivately(path, text, there);
      }
      written[name] = hash(text);
      right.push(nameFile(resolve(path)));
    } catch (error) {
      if (!(error instanceof KollageError)) throw error;
      findings.push({ ...error.finding, code: 'KLG-903', severity: 'warning' });
    }
  }
  if (Object.keys(written).some((name) => written[name] !== known[name]))
    writeNotes(folder, { ...known, ...written });
  return { files: right, findings };
}

/** Takes the files of access away that are still as they were written: without the platform they open nothing. */
export function takeBackAccess(folder: string): void {
  const known = readNotes(folder);
  for (const [name, print] of Object.entries(known)) {
    const there = read(join(folder, name));
    if (there !== null && hash(there) === print) rmSync(join(folder, name), { force: true });
  }
  rmSync(join(folder, notes), { force: true });
}

/** What the services of a state hand to their operator. */
export function accessIn({ resources }: Pick<Desired, 'resources'>): Access[] {
  return resources.filter((resource) => resource.kind === 'access');
}

/** The files of access of a deployment, named as in its folder. */
export function accessFiles(desired: Pick<Desired, 'resources'>): readonly ConfigFile[] {
  const bundles = new Set(accessIn(desired).map(({ config }) => config));
  return desired.resources.flatMap((one) => (one.kind === 'config' && bundles.has(one.id) ? one.files : []));
}

function changedByHand(path: string): Finding {
  return {
    code: 'KLG-127',
    severity: 'warning',
    message: `${nameFile(resolve(path))} was changed by hand, so it is left as it is`,
  };
}

/** Keeps files with secrets out of the folder's repository. */
function ignore(folder: string, names: readonly string[]): void {
  const path = join(folder, '.gitignore');
  const before = read(path) ?? '';
  const lines = before.split('\n').map((line) => line.trim());
  const missing = names.map((name) => `/${name}`).filter((line) => !lines.includes(line));
  if (missing.length === 0) return;
  const gap = before === '' || before.endsWith('\n') ? '' : '\n';
  try {
    writeFileSync(path, `${before}${gap}${missing.join('\n')}\n`);
  } catch (cause) {
    throw new KollageError({ code: 'KLG-903', message: `${nameFile(path)} cannot be written` }, { cause });
  }
}

function readNotes(folder: string): Record<string, string> {
  const text = read(join(folder, notes));
  try {
    return noted.parse(JSON.parse(text ?? '{}'));
  } catch {
    return {};
  }
}

function writeNotes(folder: string, written: Readonly<Record<string, string>>): void {
  try {
    mkdirSync(join(folder, '.kollage'), { recursive: true, mode: 0o700 });
    writeFileSync(join(folder, notes), `${JSON.stringify(written, null, 1)}\n`, { mode: 0o600 });
  } catch {
    // Then the next run takes the files for somebody's own only if they differ, and says so.
  }
}

function read(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
