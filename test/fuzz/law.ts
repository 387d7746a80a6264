import { readFileSync, statSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { expect, vi } from 'vitest';
import { type Finding, formatPlace } from '../../src/model/error.ts';
import { type ErrorCode, errors } from '../../src/model/errors.ts';
import type { Outcome, Runner } from './outcome.ts';
import type { Edit, Sandbox } from './sandbox.ts';

// Longer than the deadline of a case (outcome.ts), which is what ends one that hangs.
vi.setConfig({ testTimeout: 60_000 });

/** Part of every secret in the sound folder, and of nothing else. */
export const mark = 'zq7XK41wv';

/** As many findings as a person may be shown at once. */
const most = 250;

/** Codes of what is about the folder as a whole, or about the platform rather than about a file. */
const placeless: ReadonlySet<ErrorCode> = new Set(['KLG-101', 'KLG-120', 'KLG-121', 'KLG-203']);

/**
 * Runs one case and holds it to the law of bad input: one clear outcome in bounded time, said in one line with a place in the
 * folder, without a secret, with nothing printed on the way and no file touched.
 */
export async function judge(sandbox: Sandbox, runner: Runner, edits: readonly Edit[]): Promise<Outcome> {
  const { outcome, complaints } = await hear(sandbox, runner, edits);
  expect(complaints).toEqual([]);
  return outcome;
}

/** As `judge`, with what speaks against the outcome instead of a failed test. */
export async function hear(
  sandbox: Sandbox,
  runner: Runner,
  edits: readonly Edit[],
): Promise<{ outcome: Outcome; complaints: string[] }> {
  try {
    sandbox.break(edits);
    const before = sandbox.listing();
    const outcome = await runner.run(sandbox.folder);
    const { kind, text, findings, printed } = outcome;
    const told = text.slice(0, 2000);
    // Nobody reads thousands of findings, and each is held against its file here.
    const complaints = findings.slice(0, 20).flatMap((finding) => complaint(finding, sandbox.folder) ?? []);
    if (findings.length > most) complaints.push(`${findings.length} findings`);
    if (kind === 'crash' || kind === 'endless') complaints.push(`${kind}: ${told}`);
    if (kind === 'refused' && findings.length === 0) complaints.push(`refused without a reason: ${told}`);
    if (text.includes(mark)) complaints.push(`a secret comes out: ${told}`);
    if (printed.length > 0) complaints.push(`printed on the way: ${printed.join('')}`);
    const after = sandbox.listing();
    if (after.join('\n') !== before.join('\n'))
      complaints.push(`files were touched: ${after.filter((line) => !before.includes(line)).join('\n')}`);
    return { outcome, complaints };
  } finally {
    sandbox.mend(edits);
  }
}

/** What is unclear about a finding; null when it is as it must be. */
function complaint(finding: Finding, folder: string): string | null {
  const whole = JSON.stringify(finding).slice(0, 3000);
  const { code, message, place } = finding;
  if (!(code in errors) || code.startsWith('KLG-9')) return `a code that is no answer: ${whole}`;
  if (message.trim() === '' || message.length > 2000) return `not a readable length: ${whole}`;
  if (/\p{Cc}/u.test(message + (finding.next ?? '') + (place ? formatPlace(place) : '')))
    return `more than a line, or not to be printed: ${whole}`;
  if (/\bat .+:\d+:\d+\)?/.test(message)) return `a stack trace: ${whole}`;
  if (!place) return placeless.has(code) || /^KLG-[45]/.test(code) ? null : `no place: ${whole}`;
  if (relative(folder, resolve(place.file)).startsWith('..')) return `a place outside the folder: ${whole}`;
  if (place.line === undefined) return null;
  if (!Number.isInteger(place.line) || place.line < 1) return `no line: ${whole}`;
  if (place.column !== undefined && place.column < 1) return `no column: ${whole}`;
  if (!statSync(place.file, { throwIfNoEntry: false })?.isFile()) return `no such file: ${whole}`;
  const lines = readFileSync(place.file, 'utf8').split(/\r\n|\r|\n/).length;
  return place.line > lines ? `behind the end of its file (${lines}): ${whole}` : null;
}
