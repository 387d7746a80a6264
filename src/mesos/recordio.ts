/** The longest record that we take, in bytes: a list of offers of thousands of agents is shorter. */
const longest = 64 * 1024 * 1024;

/**
 * The records of a stream (apache/mesos, docs/recordio.md): the length in decimal digits, a line feed, and so many bytes, whatever pieces they come in.
 * Throws where a stream is none, and where it ends in the middle of a record.
 */
export async function* records(stream: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  let kept: Buffer = Buffer.alloc(0);
  for await (const piece of stream) {
    kept = Buffer.concat([kept, piece]);
    for (;;) {
      const feed = kept.indexOf(10);
      if (feed < 0 && kept.length <= 20) break;
      const digits = kept.subarray(0, Math.max(0, feed)).toString('latin1');
      const length = Number(digits);
      if (!/^\d{1,20}$/.test(digits) || length > longest)
        throw new Error('the answer is no stream of records');
      if (kept.length < feed + 1 + length) break;
      yield kept.subarray(feed + 1, feed + 1 + length);
      kept = kept.subarray(feed + 1 + length);
    }
  }
  if (kept.length > 0) throw new Error('the stream ends in the middle of a record');
}
