import { hostname, userInfo } from 'node:os';

/** Who runs this command, for a revision's history. */
export function whoami(): string {
  return `${userInfo().username}@${hostname()}`;
}
