import type { IncomingMessage } from 'node:http';

/** What is said in an answer, read only as fast as it is wanted. `told` says how what breaks it is thrown. */
export function bodyOf(
  answer: IncomingMessage,
  told: (cause: unknown) => unknown,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const pieces: AsyncIterator<Buffer<ArrayBuffer>> = answer[Symbol.asyncIterator]();
  return new ReadableStream(
    {
      async pull(stream) {
        try {
          const next = await pieces.next();
          if (next.done) stream.close();
          else stream.enqueue(next.value);
        } catch (cause) {
          stream.error(told(cause));
        }
      },
      cancel() {
        answer.destroy();
      },
    },
    { highWaterMark: 0 },
  );
}
