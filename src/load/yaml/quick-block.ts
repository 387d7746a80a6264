import type { Cursor } from './quick-scalar.ts';
import { unusual } from './quick-scalar.ts';

/**
 * Reads a text after | or >, whose lines are indented deeper than `indent`; moves behind it. What is rare (an indentation
 * that is given, trailing lines that are kept, folded lines with an indentation of their own) is left to the library.
 */
export function blockScalar(cursor: Cursor, indent: number): string {
  const header = cursor.text.slice(cursor.at, cursor.lineEnd());
  const style = /^([|>])(-?)$/.exec(header);
  if (!style) throw unusual;
  cursor.at = cursor.lineEnd() + 1;
  const lines = contentLines(cursor, indent);
  while (lines.at(-1) === '') lines.pop();
  if (lines.length === 0) throw unusual;
  const text = style[1] === '|' ? lines.join('\n') : fold(lines);
  return style[2] === '-' ? text : `${text}\n`;
}

function contentLines(cursor: Cursor, indent: number): string[] {
  const { text } = cursor;
  const lines: string[] = [];
  let width = -1;
  while (cursor.at < text.length) {
    const end = cursor.lineEnd();
    let at = cursor.at;
    while (text.charCodeAt(at) === 32) at++;
    const spaces = at - cursor.at;
    if (at === end) {
      // Spaces on an empty line may be content.
      if (spaces > 0) throw unusual;
      lines.push('');
    } else {
      if (spaces <= indent) break;
      if (width === -1) width = spaces;
      if (spaces < width || end === text.length) throw unusual;
      lines.push(text.slice(cursor.at + width, end));
    }
    cursor.at = end + 1;
  }
  return lines;
}

/** Line breaks become spaces, and one fewer of several. */
function fold(lines: readonly string[]): string {
  let text = '';
  let breaks = 0;
  for (const [index, line] of lines.entries()) {
    if (line.startsWith(' ')) throw unusual;
    if (line === '') {
      breaks++;
      continue;
    }
    if (index > 0) text += breaks > 0 ? '\n'.repeat(breaks) : ' ';
    text += line;
    breaks = 0;
  }
  return text;
}
