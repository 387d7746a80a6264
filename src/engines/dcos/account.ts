import { createPrivateKey, createSign, type KeyObject } from 'node:crypto';
import { z } from 'zod';
import { KollageError } from '../../model/error.ts';

/** Who logs in to a cluster. */
export type Account =
  | { readonly type: 'user'; readonly uid: string; readonly password: string }
  | { readonly type: 'service'; readonly uid: string; readonly key: KeyObject };

/** Seconds for which a token holds that is used once, to log in. */
const moment = 180;

const credential = z.looseObject({
  scheme: z.literal('RS256'),
  uid: z.string().min(1),
  private_key: z.string().min(1),
});

/**
 * A service account from the text of its secret, as `dcos security secrets create-sa-secret` writes it, and as DC/OS gives it to apps in
 * DCOS_SERVICE_ACCOUNT_CREDENTIAL. Throws KLG-565; no message holds a part of it.
 */
export function serviceAccount(text: string): Account {
  try {
    const { uid, private_key } = credential.parse(JSON.parse(text));
    return { type: 'service', uid, key: createPrivateKey(private_key) };
  } catch {
    throw new KollageError({
      code: 'KLG-565',
      message: 'the credentials of the service account are not what DC/OS writes (RS256, uid, private_key)',
    });
  }
}

/** What is sent to log in: a password, or a token that only who has the key can make (RFC 7519). `now` in milliseconds. */
export function loginBody(account: Account, now: number): Readonly<Record<string, string | number>> {
  if (account.type === 'user') return { uid: account.uid, password: account.password };
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const exp = Math.floor(now / 1000) + moment;
  const claims = `${part({ alg: 'RS256', typ: 'JWT' })}.${part({ uid: account.uid, exp })}`;
  const signature = createSign('RSA-SHA256').update(claims).sign(account.key, 'base64url');
  return { uid: account.uid, token: `${claims}.${signature}` };
}

/** When a token ends, in milliseconds; null where it does not say so. */
export function endOf(token: string): number | null {
  try {
    const { exp } = z
      .looseObject({ exp: z.number().optional() })
      .parse(JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()));
    return exp === undefined ? null : exp * 1000;
  } catch {
    return null;
  }
}
