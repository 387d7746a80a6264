import {
  createDecipheriv,
  createHmac,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  hkdfSync,
  type KeyObject,
  timingSafeEqual,
} from 'node:crypto';

/**
 * Opens an age file (binary, not armored; https://age-encryption.org/v1) with X25519 identities, by what Node brings along: the
 * library costs 100 ms, which every command on a folder with encrypted secrets would pay.
 * Gives null for whatever it does not open, be it another kind of recipient, a wrong key or a damaged file: then the library
 * decides. What it does give was authenticated: header and every chunk, up to the last one.
 */
export function openX25519(file: Buffer, identities: readonly string[]): string | null {
  try {
    const end = file.indexOf('\n--- ');
    const headerEnd = file.indexOf('\n', end + 1);
    if (end === -1 || headerEnd === -1) return null;
    const [version, ...lines] = file.subarray(0, end).toString('latin1').split('\n');
    if (version !== 'age-encryption.org/v1') return null;
    const fileKey = findFileKey(lines, identities.map(privateKey));
    const mac = file.subarray(end + '\n--- '.length, headerEnd).toString('latin1');
    if (!fileKey || !isRightMac(fileKey, file.subarray(0, end + '\n---'.length), base64(mac))) return null;
    return payload(fileKey, file.subarray(headerEnd + 1)).toString('utf8');
  } catch {
    // Node's errors on wrong tags and lengths.
    return null;
  }
}

function findFileKey(lines: readonly string[], keys: readonly KeyObject[]): Buffer | null {
  for (const [index, line] of lines.entries()) {
    const share = /^-> X25519 (\S+)$/.exec(line)?.[1];
    if (share === undefined) continue;
    for (const key of keys) {
      const fileKey = unwrap(base64(share), base64(lines[index + 1] ?? ''), key);
      if (fileKey) return fileKey;
    }
  }
  return null;
}

function unwrap(share: Buffer, body: Buffer, key: KeyObject): Buffer | null {
  const publicKey = createPublicKey({ key: Buffer.concat([spkiPrefix, share]), format: 'der', type: 'spki' });
  const secret = diffieHellman({ privateKey: key, publicKey });
  const own = createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(spkiPrefix.length);
  const wrapKey = hkdf(secret, Buffer.concat([share, own]), 'age-encryption.org/v1/X25519');
  try {
    return open(wrapKey, Buffer.alloc(12), body);
  } catch {
    return null;
  }
}

function isRightMac(fileKey: Buffer, header: Buffer, mac: Buffer): boolean {
  const expected = createHmac('sha256', hkdf(fileKey, Buffer.alloc(0), 'header'))
    .update(header)
    .digest();
  return mac.length === expected.length && timingSafeEqual(mac, expected);
}

const tagLength = 16;
const chunkLength = 64 * 1024 + tagLength;

function payload(fileKey: Buffer, sealed: Buffer): Buffer {
  const key = hkdf(fileKey, sealed.subarray(0, 16), 'payload');
  const chunks: Buffer[] = [];
  for (let at = 16, counter = 0; ; at += chunkLength, counter++) {
    const isLast = at + chunkLength >= sealed.length;
    const nonce = Buffer.alloc(12);
    nonce.writeUInt32BE(counter, 7);
    nonce[11] = isLast ? 1 : 0;
    const chunk = open(key, nonce, sealed.subarray(at, at + chunkLength));
    // Only a text without any content ends in an empty chunk.
    if (isLast && chunk.length === 0 && counter > 0) throw new Error('empty last chunk');
    chunks.push(chunk);
    if (isLast) return Buffer.concat(chunks);
  }
}

/** Throws when the tag is not right. */
function open(key: Buffer, nonce: Buffer, sealed: Buffer): Buffer {
  const decipher = createDecipheriv('chacha20-poly1305', key, nonce, { authTagLength: tagLength });
  decipher.setAuthTag(sealed.subarray(sealed.length - tagLength));
  return Buffer.concat([decipher.update(sealed.subarray(0, sealed.length - tagLength)), decipher.final()]);
}

function hkdf(key: Buffer, salt: Buffer, info: string): Buffer {
  return Buffer.from(hkdfSync('sha256', key, salt, info, 32));
}

/** Throws for what is not the one right way to write its bytes, as the specification asks. */
function base64(text: string): Buffer {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.toString('base64').replace(/=+$/, '') !== text) throw new Error('not canonical base64');
  return bytes;
}

const spkiPrefix = Buffer.from('302a300506032b656e032100', 'hex');
const pkcs8Prefix = Buffer.from('302e020100300506032b656e04220420', 'hex');
const bech32 = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l';

/** The key in `AGE-SECRET-KEY-1…`. Its checksum is not looked at: a wrong key opens nothing. */
function privateKey(identity: string): KeyObject {
  const data = identity.slice(identity.lastIndexOf('1') + 1, -6).toLowerCase();
  const bits = [...data].map((letter) => bech32.indexOf(letter).toString(2).padStart(5, '0')).join('');
  const bytes = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
  return createPrivateKey({ key: Buffer.concat([pkcs8Prefix, bytes]), format: 'der', type: 'pkcs8' });
}
