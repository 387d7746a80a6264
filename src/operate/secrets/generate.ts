import { generateKeyPairSync, randomBytes, randomInt, randomUUID } from 'node:crypto';
import type { SecretSpec } from '../../model/service.ts';
import { sshKeyPair } from './ssh-key.ts';

const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

/** Whether a secret is a pair of keys, whose parts are NAME.private_key and NAME.public_key. */
export function isPair(spec: SecretSpec): boolean {
  return spec.generate === 'ssh-key' || spec.generate === 'rsa-key';
}

/**
 * Makes a secret from the system's random numbers: a text, or for pairs of keys both parts. `fernet-key` as the Fernet
 * specification has it (32 bytes, URL-safe base64), `ssh-key` as OpenSSH writes an Ed25519 key, `rsa-key` as PEM (PKCS#8 and SPKI).
 */
export function generate(spec: SecretSpec): string | { private_key: string; public_key: string } {
  switch (spec.generate) {
    case 'password':
      return Array.from({ length: spec.length }, () => letters[randomInt(letters.length)]).join('');
    case 'hex':
      return randomBytes(Math.ceil(spec.length / 2))
        .toString('hex')
        .slice(0, spec.length);
    case 'uuid':
      return randomUUID();
    case 'fernet-key':
      return `${randomBytes(32).toString('base64url')}=`;
    case 'ssh-key':
      return sshKeyPair();
    case 'rsa-key': {
      const { privateKey, publicKey } = generateKeyPairSync('rsa', {
        modulusLength: 3072,
        privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
        publicKeyEncoding: { type: 'spki', format: 'pem' },
      });
      return { private_key: privateKey, public_key: publicKey };
    }
  }
}
