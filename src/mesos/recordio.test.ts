import fc from 'fast-check';
import { expect, test } from 'vitest';
import { records } from './recordio.ts';

async function* inPieces(bytes: Buffer, cuts: readonly number[]): AsyncGenerator<Buffer> {
  const at = [...new Set([0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length])].sort(
    (a, b) => a - b,
  );
  for (let index = 1; index < at.length; index++) yield bytes.subarray(at[index - 1], at[index]);
}

async function all(bytes: Buffer, cuts: readonly number[] = []): Promise<string[]> {
  const found: string[] = [];
  for await (const record of records(inPieces(bytes, cuts))) found.push(record.toString());
  return found;
}

const framed = (texts: readonly string[]) =>
  Buffer.concat(texts.flatMap((text) => [Buffer.from(`${Buffer.byteLength(text)}\n`), Buffer.from(text)]));

test('records come out as they were, whatever pieces they come in', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.string({ unit: 'grapheme', minLength: 1 })),
      fc.array(fc.nat(500)),
      async (texts, cuts) => {
        expect(await all(framed(texts), cuts)).toEqual(texts);
      },
    ),
  );
});

test('what is none, and what ends too early, is an error', async () => {
  await expect(all(Buffer.from('<html>no</html> and so on'))).rejects.toThrow('no stream of records');
  await expect(all(Buffer.from('x\nx'))).rejects.toThrow('no stream of records');
  await expect(all(Buffer.from('99999999999\nx'))).rejects.toThrow('no stream of records');
  await expect(all(Buffer.from('5\nabc'))).rejects.toThrow('ends in the middle');
  await expect(all(Buffer.from('5'))).rejects.toThrow('ends in the middle');
});
