import { secretsIn } from '../../model/token.ts';
import { unifiedDiff } from './files.ts';

/** What stands for a text that may be a secret which nobody told us. */
const notShown = '(not shown)';
/** Words of lines that hold secrets, in whatever they are written. */
const sensitive = /pass|pwd|secret|token|credential|private|auth|salt|cookie|key\b|_key/i;
const header = /^\s*\[[\w.:-]+\]\s*$/;
/** `name =`, `name:`, `"name":`, `export NAME=` */
const assignment = /^(\s*(?:export\s+)?["']?([\w.-]+)["']?\s*[=:])/;
/** The password of a URL. */
const login = /(:\/\/[^\s/:@]*:)[^\s@]+@/g;

/**
 * How a file that somebody changed becomes what it shall be: a unified diff from what is there. `unfill` puts tokens in the place of the secrets
 * that are known. What somebody wrote may be a secret too: a line is not shown where a line with a secret was, or which seems to hold one.
 * Undefined when it cannot be shown.
 */
export function byHandDiff(
  there: string,
  wanted: string,
  unfill: (text: string) => string,
): string | undefined {
  const shall = unfill(wanted);
  const diff = unifiedDiff(unfill(there), shall);
  if (!diff?.trim()) return undefined;
  const names = Map.groupBy(shall.split('\n'), (line) => assignment.exec(line)?.[2]);
  const lines = diff.split('\n');
  return lines
    .map((line, index) => {
      if (!line.startsWith('-')) return line;
      const [, start, name] = assignment.exec(line.slice(1)) ?? [];
      const before = name === undefined ? [] : (names.get(name) ?? []);
      const wasSecret = before.length > 0 ? before.some(isSecret) : isReplaced(lines, index);
      return `-${hidden(line.slice(1), start, wasSecret, before.length > 0)}`;
    })
    .join('\n');
}

/** A value that somebody set, as it may be shown. */
export function hiddenValue(name: string, value: string, unfill: (text: string) => string): string {
  return sensitive.test(name) || sensitive.test(value)
    ? notShown
    : unfill(value).replace(login, `$1${notShown}@`);
}

/** `start`: of an assignment, all but the value; `isKnown`: whether the file shall have one of that name. */
function hidden(text: string, start: string | undefined, wasSecret: boolean, isKnown: boolean): string {
  if (wasSecret || (sensitive.test(text) && !header.test(text)))
    return start !== undefined && (isKnown || sensitive.test(start)) ? `${start} ${notShown}` : notShown;
  return text.replace(login, `$1${notShown}@`);
}

/** Whether one of the lines that come in the place of this one holds a secret, or one near it is nothing else. */
function isReplaced(lines: readonly string[], index: number): boolean {
  let last = index;
  while (lines[last]?.startsWith('-') || lines[last]?.startsWith('\\')) last++;
  for (; lines[last]?.startsWith('+'); last++) if (isSecret(lines[last] ?? '')) return true;
  return hunk(lines, index).some((line) => /^\+\s*@\{secret\.[^}]*\}\s*$/.test(line));
}

function hunk(lines: readonly string[], index: number): readonly string[] {
  const isHead = (line: string) => line.startsWith('@@');
  const end = lines.findIndex((line, at) => at > index && isHead(line));
  return lines.slice(
    lines.findLastIndex((line, at) => at < index && isHead(line)),
    end < 0 ? lines.length : end,
  );
}

function isSecret(line: string): boolean {
  return secretsIn(line).length > 0;
}
