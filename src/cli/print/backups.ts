import { type Backup, isWhole, type Listed, sizeOf } from '../../operate/backups/backup.ts';
import type { Paint } from '../colour.ts';

/** A table of backups, the newest last: what each one is, and of a broken one why it cannot be used. Ends with a line break. */
export function printBackups(all: readonly Listed[], paint: Paint): string {
  if (all.length === 0) return 'There is no backup yet.\n';
  const width = Math.max(...all.map(({ id }) => id.length));
  return all
    .map(
      (one) => `${one.id.padEnd(width)}  ${isWhole(one) ? about(one) : paint.red(`broken: ${one.broken}`)}\n`,
    )
    .join('');
}

/** In a line: when, how large, what it was made of. */
export function about(backup: Backup): string {
  const { at, release, revision, facts } = backup;
  const time = new Date(at).toISOString().replace(/\.\d+Z$/, 'Z');
  const told = Object.values(facts).map((fact) => `  ${fact}`);
  return `${time}  ${size(sizeOf(backup)).padStart(9)}  release ${release}, revision ${revision}${told.join('')}`;
}

/** Bytes, as people read them. */
export function size(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const power = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10));
  const number = bytes / 1024 ** power;
  return `${power === 0 ? number : number.toFixed(1)} ${units[power]}`;
}
