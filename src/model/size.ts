const units: Readonly<Record<string, number>> = { '': 1, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30, T: 2 ** 40 };

/** Bytes of a size such as 512M; null when it is none. */
export function parseSize(size: number | string): number | null {
  if (typeof size === 'number') return size;
  const match = /^(\d+(?:\.\d+)?)([KMGT]?)i?B?$/.exec(size.trim());
  return match ? Math.round(Number(match[1]) * (units[match[2] ?? ''] ?? 1)) : null;
}
