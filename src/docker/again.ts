import { setTimeout as pause } from 'node:timers/promises';
import { statusOf } from './errors.ts';

/** Milliseconds after which a request is made again, the first and the second time. */
const pauses = [100, 400];

/** How a connection ends that somebody cut; one to a daemon that does not run is refused (ECONNREFUSED) instead. */
const cut: readonly unknown[] = ['ECONNRESET', 'EPIPE'];

/** Whether Docker refused for a reason that may pass: something else is under way with what was asked for (409), or it failed itself (5xx). */
export function isRefusal(error: unknown): boolean {
  const status = statusOf(error);
  return status !== undefined && (status === 409 || status >= 500);
}

/** Whether nobody knows what became of a request, because the connection was cut. */
export function isCut(error: unknown): boolean {
  return error instanceof Error && 'code' in error && cut.includes(error.code);
}

/**
 * Makes a request again, twice at most, where Docker refused it for a reason that may pass or the connection was cut. `may` decides; only what may
 * be done twice is to be asked so.
 */
export async function again<T>(
  request: () => Promise<T>,
  may = (error: unknown) => isRefusal(error) || isCut(error),
): Promise<T> {
  for (const milliseconds of pauses) {
    try {
      return await request();
    } catch (error) {
      if (!may(error)) throw error;
      await pause(milliseconds);
    }
  }
  return request();
}
