import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';

/** What a name stands for; a service's also has a port, and the name of its host. */
export interface Target {
  readonly address: string;
  readonly host?: string;
  readonly port?: number | undefined;
}

/** Gives what a name stands for; null where it is none of its domain. */
export type Lookup = (name: string, kind: 'A' | 'SRV') => readonly Target[] | null;

const kinds = { A: 1, SRV: 33 } as const;
const refused = { noName: 3, servFail: 2 } as const;
/** Seconds for which an answer holds (mesosphere/mesos-dns, docs: ttl). */
const ttl = 1;

/** A name server for one domain, which asks the host's own for all else (RFC 1035, RFC 2782). */
export class NameServer {
  readonly #lookup: Lookup;
  readonly #socket = createSocket('udp4');
  readonly #upstream = upstreamOf();

  constructor(lookup: Lookup) {
    this.#lookup = lookup;
    this.#socket.on('message', (query, from) => this.#serve(query, from));
  }

  async listen(address: string): Promise<void> {
    this.#socket.bind(53, address);
    await once(this.#socket, 'listening');
  }

  close(): void {
    this.#socket.close();
  }

  #serve(query: Buffer, from: RemoteInfo): void {
    const question = questionOf(query);
    if (question === null) return;
    const { name, kind, end } = question;
    const known = (['A', 'SRV'] as const).find((one) => kinds[one] === kind);
    // Of other kinds there is nothing, but the name is: so it is said for AAAA, which most ask for as well.
    const targets = this.#lookup(name, known ?? 'A');
    if (targets === null) {
      this.#ask(query, from);
      return;
    }
    const answers =
      known === undefined ? [] : targets.map((one) => (known === 'A' ? address(one) : service(one)));
    const header = Buffer.from(query.subarray(0, 12));
    // An answer, with authority, to one that may have wished for recursion.
    header.writeUInt16BE(
      0x8400 | (query.readUInt16BE(2) & 0x0100) | 0x0080 | (targets.length > 0 ? 0 : refused.noName),
      2,
    );
    header.writeUInt16BE(answers.length, 6);
    header.writeUInt32BE(0, 8);
    const body = answers.map(({ type, data }) => {
      const record = Buffer.alloc(12);
      // The name of the question, by where it lies in this message.
      record.writeUInt16BE(0xc00c, 0);
      record.writeUInt16BE(type, 2);
      record.writeUInt16BE(1, 4);
      record.writeUInt32BE(ttl, 6);
      record.writeUInt16BE(data.length, 10);
      return Buffer.concat([record, data]);
    });
    this.#send(Buffer.concat([header, query.subarray(12, end), ...body]), from);
  }

  #ask(query: Buffer, from: RemoteInfo): void {
    const socket: Socket = createSocket('udp4');
    const over = (answer: Buffer) => {
      clearTimeout(timer);
      socket.removeAllListeners();
      socket.close();
      this.#send(answer, from);
    };
    const failed = Buffer.from(query);
    failed.writeUInt16BE(0x8080 | refused.servFail, 2);
    const timer = setTimeout(() => over(failed), 3000);
    socket.on('message', over);
    socket.on('error', () => over(failed));
    socket.send(query, 53, this.#upstream);
  }

  #send(answer: Buffer, { port, address }: RemoteInfo): void {
    try {
      this.#socket.send(answer, port, address);
    } catch {
      // It was closed meanwhile.
    }
  }
}

function address({ address }: Target): { type: number; data: Buffer } {
  return { type: kinds.A, data: Buffer.from(address.split('.').map(Number)) };
}

function service({ host = '', port = 0 }: Target): { type: number; data: Buffer } {
  const head = Buffer.alloc(6);
  head.writeUInt16BE(1, 2);
  head.writeUInt16BE(port, 4);
  const name = host.split('.').map((label) => Buffer.from([label.length, ...Buffer.from(label)]));
  return { type: kinds.SRV, data: Buffer.concat([head, ...name, Buffer.from([0])]) };
}

function questionOf(query: Buffer): { name: string; kind: number; end: number } | null {
  if (query.length < 17 || query.readUInt16BE(4) !== 1) return null;
  const labels: string[] = [];
  let at = 12;
  for (let length = query[at] ?? 0; length !== 0; length = query[at] ?? 0) {
    if (length > 63 || at + 1 + length >= query.length) return null;
    labels.push(query.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  if (at + 5 > query.length) return null;
  return { name: labels.join('.').toLowerCase(), kind: query.readUInt16BE(at + 1), end: at + 5 };
}

/** Whom the host asks. */
function upstreamOf(): string {
  const found = /^nameserver\s+(\d+\.\d+\.\d+\.\d+)/m.exec(readFileSync('/etc/resolv.conf', 'utf8'));
  return found?.[1] ?? '127.0.0.1';
}
