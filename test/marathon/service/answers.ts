import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Violation } from '../validate.ts';
import type { Plan } from './plan.ts';

export interface Answer {
  readonly status: number;
  readonly body?: object;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly text: string;
}

/** What is asked is not done. */
export class Refusal extends Error {
  readonly answer: Answer;

  constructor(status: number, body: object) {
    super(JSON.stringify(body));
    this.answer = { status, body };
  }
}

export function known(isThere: boolean, message: string): void {
  if (!isThere) throw new Refusal(404, { message });
}

/** api/RestResource.scala: deploymentResult. */
export function begun({ id, version }: Plan, status = 200): Answer {
  return { status, body: { version, deploymentId: id }, headers: { 'Marathon-Deployment-Id': id } };
}

export function refuse(violations: readonly Violation[]): void {
  if (violations.length === 0) return;
  const byPath = Map.groupBy(violations, ({ path }) => path);
  const details = [...byPath].map(([path, all]) => ({ path, errors: all.map(({ error }) => error) }));
  throw new Refusal(422, { message: 'Object is not valid', details });
}

/** The body of a request. */
export async function textOf(request: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  return Buffer.concat(pieces).toString();
}

export function send(response: ServerResponse, { status, body, headers = {} }: Answer): void {
  response.writeHead(status, { 'Content-Type': 'application/json', ...headers });
  response.end(body === undefined ? '' : JSON.stringify(body));
}
