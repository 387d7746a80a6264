import {
  Encrypter,
  generateHybridIdentity,
  generateX25519Identity,
  identityToRecipient,
} from 'age-encryption';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openX25519 } from './age-x25519.ts';

async function sealed(text: string, ...identities: string[]): Promise<Buffer> {
  const encrypter = new Encrypter();
  for (const identity of identities) encrypter.addRecipient(await identityToRecipient(identity));
  return Buffer.from(await encrypter.encrypt(text));
}

describe('opening an age file', () => {
  it.each([0, 1, 1000, 65_535, 65_536, 65_537, 131_072, 200_000])('of %i letters', async (length) => {
    const [mine, other] = [await generateX25519Identity(), await generateX25519Identity()];
    const text = 'é'.repeat(length / 2) + 'x'.repeat(length % 2);
    const file = await sealed(text, other, mine);
    expect(openX25519(file, [mine])).toBe(text);
    expect(openX25519(file, [await generateX25519Identity(), other])).toBe(text);
    expect(openX25519(file, [await generateX25519Identity()])).toBeNull();
    expect(openX25519(file, [])).toBeNull();
  });

  it('leaves other kinds of recipients to the library', async () => {
    const hybrid = await generateHybridIdentity();
    expect(openX25519(await sealed('x', hybrid), [hybrid])).toBeNull();
  });

  it('never opens what was damaged, cut off or put together anew', async () => {
    const identity = await generateX25519Identity();
    const text = 'secret '.repeat(10_000);
    const file = await sealed(text, identity);
    const damage = fc.oneof(
      fc.record({ kind: fc.constant('flip' as const), at: fc.nat(file.length - 1), bit: fc.nat(7) }),
      fc.record({ kind: fc.constant('cut' as const), at: fc.nat(file.length - 1), bit: fc.nat(7) }),
      fc.record({ kind: fc.constant('add' as const), at: fc.nat(file.length), bit: fc.nat(7) }),
      // Where the mistakes hurt most: in the header.
      fc.record({ kind: fc.constant('flip' as const), at: fc.nat(220), bit: fc.nat(7) }),
    );
    fc.assert(
      fc.property(damage, ({ kind, at, bit }) => {
        const broken = Buffer.from(file);
        if (kind === 'flip') broken[at] = (broken[at] ?? 0) ^ (1 << bit);
        const parts =
          kind === 'cut'
            ? [broken.subarray(0, at)]
            : kind === 'add'
              ? [broken.subarray(0, at), Buffer.from([bit]), broken.subarray(at)]
              : [broken];
        expect(openX25519(Buffer.concat(parts), [identity])).toBeNull();
      }),
      { numRuns: 500 },
    );
    // The last letter of the header's MAC has bits that stand for nothing.
    const macEnd = file.indexOf('\n', file.indexOf('\n--- ') + 1) - 1;
    for (let bit = 0; bit < 8; bit++) {
      const broken = Buffer.from(file);
      broken[macEnd] = (broken[macEnd] ?? 0) ^ (1 << bit);
      expect(openX25519(broken, [identity])).toBeNull();
    }
    // A first chunk alone is not the whole.
    const payloadAt = file.indexOf('\n', file.indexOf('\n--- ') + 1) + 1;
    expect(openX25519(file.subarray(0, payloadAt + 16 + 65_552), [identity])).toBeNull();
    expect(openX25519(file, [identity])).toBe(text);
  });
});
