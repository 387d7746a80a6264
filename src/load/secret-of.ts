import { openDeployment } from './deployment.ts';
import { type Passwords, readPasswords } from './passwords.ts';

/** A secret's value, by name. */
export type SecretOf = (name: string) => Promise<string | undefined>;

/** The secrets of a deployment's folder, read when one is first asked for. */
export function secretOf(folder: string): SecretOf {
  let read: Promise<Passwords> | undefined;
  return async (name) => {
    read ??= readPasswords(openDeployment(folder));
    return (await read).values.get(name)?.reveal();
  };
}
