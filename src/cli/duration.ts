import { InvalidArgumentError } from 'commander';

const units: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Milliseconds of a time such as 30s, 10m, 2h, 1d; null for anything else. */
function milliseconds(text: string): number | null {
  const [, count, unit = ''] = /^(\d+)([smhd])$/.exec(text) ?? [];
  const factor = units[unit];
  return count === undefined || factor === undefined ? null : Number(count) * factor;
}

/** An option that is a time span; in milliseconds. */
export function duration(text: string): number {
  const time = milliseconds(text);
  if (time === null) throw new InvalidArgumentError('It must be such as 30s, 10m, 2h or 1d.');
  return time;
}

/** An option that is a moment, so long ago or an ISO date; in milliseconds since the epoch. */
export function moment(text: string): number {
  const ago = milliseconds(text);
  const time = ago === null ? Date.parse(text) : Date.now() - ago;
  if (Number.isNaN(time)) throw new InvalidArgumentError('It must be such as 10m, 2h, or an ISO date.');
  return time;
}
