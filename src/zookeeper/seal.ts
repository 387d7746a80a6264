import { createHash, createHmac, hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Credentials } from './protocol.ts';

/*
 * What lies in ZooKeeper is encrypted, since whoever has the disks of a server, or a backup of them, has all of it. The start program opens what it is given
 * with Python's standard library, which has hashes and no ciphers: so the key stream is SHAKE256 over key and nonce (FIPS 202; a sponge that is
 * keyed so is a pseudorandom function), and HMAC-SHA256 over all of it says that it is ours (encrypt-then-MAC). images/start/sealed.py is its other half.
 */

const form = 1;
const nonceLength = 24;
const tagLength = 32;

/** Bytes that sealing adds. */
export const sealing = 1 + nonceLength + tagLength;

/**
 * Encrypts. `label` says what this is, as its path does: it opens under that name alone, so that nobody can put one in the place of another. The
 * key has 32 bytes.
 */
export function seal(
  key: Uint8Array,
  label: string,
  data: Uint8Array,
  nonce = randomBytes(nonceLength),
): Buffer {
  const body = Buffer.concat([Buffer.from([form]), nonce, crypt(key, nonce, data)]);
  return Buffer.concat([body, tag(key, label, body)]);
}

/** What was sealed under this label; null where the key is another, or somebody has changed it. */
export function unseal(key: Uint8Array, label: string, sealed: Uint8Array): Buffer | null {
  if (sealed.length < sealing || sealed[0] !== form) return null;
  const body = sealed.subarray(0, -tagLength);
  if (!timingSafeEqual(tag(key, label, body), sealed.subarray(-tagLength))) return null;
  return crypt(key, body.subarray(1, 1 + nonceLength), body.subarray(1 + nonceLength));
}

function crypt(key: Uint8Array, nonce: Uint8Array, data: Uint8Array): Buffer {
  if (data.length === 0) return Buffer.alloc(0);
  const stream = createHash('shake256', { outputLength: data.length })
    .update(part(key, 'encrypt'))
    .update(nonce)
    .digest();
  for (const [at, byte] of data.entries()) stream[at] = (stream[at] ?? 0) ^ byte;
  return stream;
}

function tag(key: Uint8Array, label: string, body: Uint8Array): Buffer {
  const name = Buffer.from(label, 'utf8');
  const length = Buffer.alloc(4);
  length.writeUInt32BE(name.length);
  return createHmac('sha256', part(key, 'authenticate')).update(length).update(name).update(body).digest();
}

function part(key: Uint8Array, use: string): Buffer {
  return createHmac('sha256', key).update(use).digest();
}

/** What is made of the one secret that a deployment has for its store. */
export class StoreKey {
  readonly #secret: string;
  readonly #deployment: string;

  constructor(secret: string, deployment: string) {
    this.#secret = secret;
    this.#deployment = deployment;
  }

  /** Who reads and writes all of it. */
  get owner(): Credentials {
    return this.#credentials('owner');
  }

  /** Who is one of its containers. */
  get member(): Credentials {
    return this.#credentials('member');
  }

  /** The key that what is for this use alone is sealed with. From one nobody gets to another. */
  for(use: string): Buffer {
    return Buffer.from(hkdfSync('sha256', this.#secret, this.#deployment, `kollage ${use}`, 32));
  }

  #credentials(who: string): Credentials {
    return { user: `${this.#deployment}-${who}`, password: this.for(`password ${who}`).toString('hex') };
  }
}
