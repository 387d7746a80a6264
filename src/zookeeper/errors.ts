import { KollageError } from '../model/error.ts';

/** What ZooKeeper answers instead of doing it (apache/zookeeper, KeeperException.java). */
const names: Readonly<Record<number, string>> = {
  [-4]: 'connection lost',
  [-5]: 'cannot be read',
  [-6]: 'not implemented',
  [-7]: 'timed out',
  [-8]: 'bad arguments',
  [-101]: 'no node',
  [-102]: 'not authorized',
  [-103]: 'bad version',
  [-108]: 'ephemeral nodes have no children',
  [-110]: 'node exists',
  [-111]: 'not empty',
  [-112]: 'session expired',
  [-114]: 'invalid ACL',
  [-115]: 'authentication failed',
  [-118]: 'session moved',
  [-119]: 'read only',
  [-125]: 'quota exceeded',
  [-127]: 'throttled',
};

export const code = {
  connectionLoss: -4,
  noNode: -101,
  noAuth: -102,
  badVersion: -103,
  nodeExists: -110,
  notEmpty: -111,
  sessionExpired: -112,
  authFailed: -115,
} as const;

/** ZooKeeper did not do what it was asked, or it is not known whether it did (`connectionLoss`). */
export class ZooKeeperError extends Error {
  override readonly name = 'ZooKeeperError';
  readonly code: number;
  readonly path: string;

  constructor(code: number, path: string) {
    super(`${path}: ${names[code] ?? `error ${code}`}`);
    this.code = code;
    this.path = path;
  }
}

/** No server of the ensemble that has a quorum could be reached in time. */
export class UnreachableError extends Error {
  override readonly name = 'UnreachableError';
}

/** A request that no server would take. */
export class TooLargeError extends Error {
  override readonly name = 'TooLargeError';
}

/** Whether ZooKeeper answered so. */
export function is(error: unknown, ...codes: readonly number[]): error is ZooKeeperError {
  return error instanceof ZooKeeperError && codes.includes(error.code);
}

/** What a request gives, or undefined where ZooKeeper answers with one of these. */
export async function ignoring<T>(
  codes: readonly number[],
  request: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await request();
  } catch (error) {
    if (is(error, ...codes)) return undefined;
    throw error;
  }
}

/** What a request gives; what goes wrong with it as a person is told it. */
export async function telling<T>(request: () => Promise<T>): Promise<T> {
  try {
    return await request();
  } catch (error) {
    if (error instanceof UnreachableError)
      throw new KollageError({ code: 'KLG-501', message: error.message }, { cause: error });
    if (is(error, code.noAuth, code.authFailed))
      throw new KollageError({ code: 'KLG-560', message: `ZooKeeper: ${error.message}` }, { cause: error });
    if (is(error, code.connectionLoss))
      throw new KollageError({ code: 'KLG-501', message: `ZooKeeper: ${error.message}` }, { cause: error });
    if (error instanceof ZooKeeperError || error instanceof TooLargeError)
      throw new KollageError({ code: 'KLG-508', message: `ZooKeeper: ${error.message}` }, { cause: error });
    throw error;
  }
}
