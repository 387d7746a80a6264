import { generateKeyPairSync, randomBytes } from 'node:crypto';

const type = 'ssh-ed25519';

/**
 * A new Ed25519 key pair without a passphrase: the private key in OpenSSH's own format (PROTOCOL.key in openssh-portable), which is
 * the only one that ssh reads for this kind of key, and the public key as one line of authorized_keys.
 */
export function sshKeyPair(): { private_key: string; public_key: string } {
  const { privateKey } = generateKeyPairSync('ed25519');
  const { x, d } = privateKey.export({ format: 'jwk' });
  const publicPart = Buffer.from(String(x), 'base64url');
  const privatePart = Buffer.concat([Buffer.from(String(d), 'base64url'), publicPart]);
  const publicBlob = Buffer.concat([field(type), field(publicPart)]);
  const check = randomBytes(4);
  const inner = Buffer.concat([check, check, field(type), field(publicPart), field(privatePart), field('')]);
  // Padding 1, 2, 3… up to the block size of the cipher `none`.
  const padding = Buffer.from(Array.from({ length: (8 - (inner.length % 8)) % 8 }, (_, index) => index + 1));
  const whole = Buffer.concat([
    Buffer.from('openssh-key-v1\0'),
    field('none'),
    field('none'),
    field(''),
    Buffer.from([0, 0, 0, 1]),
    field(publicBlob),
    field(Buffer.concat([inner, padding])),
  ]);
  const lines = whole.toString('base64').match(/.{1,70}/g) ?? [];
  return {
    private_key: `-----BEGIN OPENSSH PRIVATE KEY-----\n${lines.join('\n')}\n-----END OPENSSH PRIVATE KEY-----\n`,
    public_key: `${type} ${publicBlob.toString('base64')}`,
  };
}

/** A length of four bytes, then the bytes. */
function field(value: string | Buffer): Buffer {
  const bytes = Buffer.from(value);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}
