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
    super(finding.message, options.cause === undefined ? undefined : { cause: options.cause });
    this.finding = { ...finding, severity: 'error' };
    this.also = options.also ?? [];
  }

  get code(): ErrorCode {
    return this.finding.code;
  }
}

/** Throws the first error among findings, the other errors beside it; does nothing when there is none. */
export function throwFirst(findings: readonly Finding[]): void {
  const [first, ...also] = findings.filter((finding) => finding.severity === 'error');
  if (first) throw new KollageError(first, { also });
}

/** `file:line:column`, as editors and terminals understand it. */
export function formatPlace(place: Place): string {
  return [place.file, place.line, place.column].filter((part) => part !== undefined).join(':');
}
