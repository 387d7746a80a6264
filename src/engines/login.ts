import type { SecretOf } from '../load/secret-of.ts';
import { KollageError } from '../model/error.ts';

/** The secret that is the password of `engine.user`. */
export const passwordOf = 'kollage_engine_password';

/** The password of a user of `what`. KLG-120 where the folder has none. */
export async function passwordFor(user: string, what: string, secret: SecretOf | undefined): Promise<string> {
  const password = await secret?.(passwordOf);
  if (password !== undefined) return password;
  throw new KollageError({
    code: 'KLG-120',
    message: `the secret ${passwordOf} is missing, the password of ${user} in ${what}`,
  });
}
