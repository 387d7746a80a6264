import { KollageError } from '../model/error.ts';

const words: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ENOENT: 'it is not there',
  ECONNRESET: 'it closed the connection',
  UND_ERR_SOCKET: 'it closed the connection',
  EHOSTUNREACH: 'there is no way to the host',
  ENETUNREACH: 'there is no way to the network',
  ENOTFOUND: 'the name of the host is not known',
  TimeoutError: 'it does not answer',
};

/** Why a connection or a request failed, in words. `fetch` says only that it failed, and hides the reason in the cause. */
export function why(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof KollageError) return error.message;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name;
  if (Object.hasOwn(words, code)) return words[code] ?? code;
  // Where a name has several addresses, each has its own reason; the last one tried is as good as any.
  const inner = error instanceof AggregateError ? error.errors.at(-1) : error.cause;
  return inner instanceof Error ? why(inner) : error.message || error.name;
}
