import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type ServerEvent, serverEvents } from './server-events.ts';

async function read(text: string, cuts: readonly number[] = []): Promise<ServerEvent[]> {
  const bytes = Buffer.from(text);
  const at = [...new Set([0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length])].sort(
    (a, b) => a - b,
  );
  async function* pieces() {
    for (let index = 1; index < at.length; index++) yield bytes.subarray(at[index - 1], at[index]);
  }
  const found: ServerEvent[] = [];
  for await (const event of serverEvents(pieces())) found.push(event);
  return found;
}

test('events come out as they were, whatever pieces they come in', async () => {
  const text =
    'event: one\r\ndata: {"a":"é"}\r\n\r\n:alive\r\n\r\n\r\ndata: x\r\ndata:y\r\n\r\nevent: empty\r\n\r\nid: 3\r\ndata: z\r\n\r\n';
  const expected = [
    { event: 'one', data: '{"a":"é"}' },
    { event: 'message', data: 'x\ny' },
    { event: 'message', data: 'z' },
  ];
  expect(await read(text)).toEqual(expected);
  expect(await read(text.replaceAll('\r\n', '\n'))).toEqual(expected);
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(500)), async (cuts) => {
      expect(await read(text, cuts)).toEqual(expected);
    }),
  );
});

test('what is not whole is none', async () => {
  expect(await read('event: one\ndata: x\n')).toEqual([]);
});
