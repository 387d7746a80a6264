/**
 * ZooKeeper's serialisation, "jute": big-endian numbers, texts and bytes with their length before them (apache/zookeeper, zookeeper-jute,
 * BinaryOutputArchive.java).
 */
export class JuteWriter {
  readonly #parts: Buffer[] = [];

  int(value: number): this {
    const bytes = Buffer.allocUnsafe(4);
    bytes.writeInt32BE(value);
    return this.raw(bytes);
  }

  long(value: bigint): this {
    const bytes = Buffer.allocUnsafe(8);
    bytes.writeBigInt64BE(value);
    return this.raw(bytes);
  }

  bool(value: boolean): this {
    return this.raw(Buffer.from([value ? 1 : 0]));
  }

  bytes(value: Uint8Array): this {
    return this.int(value.length).raw(value);
  }

  /** Bytes without their length. */
  raw(bytes: Uint8Array): this {
    this.#parts.push(Buffer.from(bytes));
    return this;
  }

  text(value: string): this {
    return this.bytes(Buffer.from(value, 'utf8'));
  }

  list<T>(values: readonly T[], write: (value: T) => void): this {
    this.int(values.length);
    for (const value of values) write(value);
    return this;
  }

  /** What was written. */
  body(): Buffer {
    return Buffer.concat(this.#parts);
  }

  /** What was written, with its length before it, as it goes over the wire. */
  frame(): Buffer {
    const body = this.body();
    const length = Buffer.allocUnsafe(4);
    length.writeInt32BE(body.length);
    return Buffer.concat([length, body]);
  }
}

/** Reads what a `JuteWriter` of the other side wrote. Throws RangeError where it ends too early. */
export class JuteReader {
  readonly #buffer: Buffer;
  #at = 0;

  constructor(buffer: Buffer) {
    this.#buffer = buffer;
  }

  int(): number {
    return this.#buffer.readInt32BE(this.#take(4));
  }

  long(): bigint {
    return this.#buffer.readBigInt64BE(this.#take(8));
  }

  bool(): boolean {
    return this.#buffer.readUInt8(this.#take(1)) !== 0;
  }

  /** A length of -1 stands for nothing, as what a node without data has. */
  bytes(): Buffer {
    const length = Math.max(0, this.int());
    const from = this.#take(length);
    return Buffer.from(this.#buffer.subarray(from, from + length));
  }

  text(): string {
    return this.bytes().toString('utf8');
  }

  list<T>(read: () => T): T[] {
    return Array.from({ length: Math.max(0, this.int()) }, read);
  }

  #take(length: number): number {
    const from = this.#at;
    if (from + length > this.#buffer.length) throw new RangeError('an answer of ZooKeeper ends too early');
    this.#at += length;
    return from;
  }
}
