import type { ErrorCode } from './errors.ts';

/** Where in the operator's input something stands; lines and columns count from 1. */
export interface Place {
  readonly file: string;
  readonly line?: number;
  readonly column?: number;
}

/** Something a check noticed. An `error` stops the command, a `warning` does not. */
export interface Finding {
  readonly code: ErrorCode;
  readonly severity: 'error' | 'warning' | 'info';
  /** One sentence that names the thing. Never holds a secret's value. */
  readonly message: string;
  readonly place?: Place;
  /** What to do about this very case, where it can be said better than the catalogue says it. */
  readonly next?: string;
}

/**
 * The one kind of error a person sees. It is a finding that stopped the work, together with
 * the further findings of the same check, so that all of a file's mistakes can be mended at once.
 */
export class KollageError extends Error {
  override readonly name = 'KollageError';
  readonly finding: Finding;
  readonly also: readonly Finding[];

  constructor(
    finding: Omit<Finding, 'severity'>,
    options: { also?: readonly Finding[]; cause?: unknown } = {},
  ) {
    super(oneLine(finding.message), options.cause === undefined ? undefined : { cause: options.cause });
    this.finding = legible({ ...finding, severity: 'error' });
    this.also = (options.also ?? []).map(legible);
  }

  get code(): ErrorCode {
    return this.finding.code;
  }
}

/** What an error says, whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Throws the first error among findings, the other errors beside it; does nothing when there is none. */
export function throwFirst(findings: readonly Finding[]): void {
  const [first, ...also] = findings.filter((finding) => finding.severity === 'error');
  if (first) throw new KollageError(first, { also });
}

/** A finding whose texts are each one line that any terminal can show. */
export function legible(finding: Finding): Finding {
  const { message, next } = finding;
  return { ...finding, message: oneLine(message), ...(next === undefined ? {} : { next: oneLine(next) }) };
}

const longest = 600;

/**
 * A text as one line: names of files and keys come from outside and may hold anything. What steers a terminal, breaks lines or
 * turns their direction is written as an escape; of a text of more than 600 characters the middle is left out.
 */
export function oneLine(text: string): string {
  const short = text.length > longest ? `${text.slice(0, longest - 100)} … ${text.slice(-90)}` : text;
  return short
    .toWellFormed()
    .replace(
      /[\p{Cc}\u2028\u2029\u202A-\u202E\u2066-\u2069]/gu,
      (char) => escapes[char] ?? `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
    );
}

const escapes: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** `file:line:column`, as editors and terminals understand it. */
export function formatPlace(place: Place): string {
  return [oneLine(place.file), place.line, place.column].filter((part) => part !== undefined).join(':');
}
