import { stripVTControlCharacters } from 'node:util';
import type { Paint } from '../colour.ts';

export type Tone = 'plain' | 'dim' | 'bold' | 'good' | 'bad' | 'busy' | 'wait' | 'mark';

/** A piece of a line in one colour. */
export interface Span {
  readonly text: string;
  readonly tone: Tone;
}

export type Line = readonly Span[];

export function span(text: string, tone: Tone = 'plain'): Span {
  return { text, tone };
}

/** A text of unknown origin as one line that cannot move the cursor or change the terminal. */
export function harmless(text: string): string {
  return stripVTControlCharacters(text)
    .replaceAll('\t', '  ')
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '');
}

/** The columns of a terminal that a text without control characters takes. */
export function widthOf(text: string): number {
  if (/^[\x20-\x7e]*$/.test(text)) return text.length;
  let width = 0;
  for (const character of text) width += wide.test(character) ? 2 : /\p{M}/u.test(character) ? 0 : 1;
  return width;
}

/** East Asian wide and full-width characters, and emoji (Unicode TR11, the large blocks). */
const wide =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}]/u;

/** A text in at most so many columns, with an ellipsis where something was left out. */
export function cut(text: string, columns: number): string {
  if (widthOf(text) <= columns) return text;
  if (columns < 1) return '';
  let kept = '';
  let width = 1;
  for (const character of text) {
    width += widthOf(character);
    if (width > columns) break;
    kept += character;
  }
  return `${kept}…`;
}

/** The end of a text in at most so many columns. */
export function cutStart(text: string, columns: number): string {
  return widthOf(text) <= columns ? text : [...cut([...text].reverse().join(''), columns)].reverse().join('');
}

/** A line in at most so many columns, painted. */
export function paintLine(line: Line, columns: number, paint: Paint): string {
  let left = columns;
  let painted = '';
  for (const { text, tone } of line) {
    const shown = cut(text, left);
    if (shown) painted += tones[tone](paint)(shown);
    left -= widthOf(shown);
    if (shown !== text || left <= 0) break;
  }
  return painted;
}

const tones: Readonly<Record<Tone, (paint: Paint) => (text: string) => string>> = {
  plain: () => (text) => text,
  dim: (paint) => paint.dim,
  bold: (paint) => paint.bold,
  good: (paint) => paint.green,
  bad: (paint) => paint.red,
  busy: (paint) => paint.cyan,
  wait: (paint) => paint.yellow,
  mark: (paint) => paint.magenta,
};

/** Milliseconds as seconds with one decimal. */
export function seconds(milliseconds: number): string {
  return `${(Math.max(0, milliseconds) / 1000).toFixed(1)} s`;
}

/** Words in lines of at most so many columns, joined by `between`; what does not fit on one goes to the next. */
export function wrap(words: readonly string[], between: string, columns: number): string[] {
  const lines: string[] = [];
  for (const word of words) {
    const last = lines.at(-1);
    const longer = last === undefined ? word : `${last}${between}${word}`;
    if (last === undefined) lines.push(word);
    else if (widthOf(longer) <= columns) lines[lines.length - 1] = longer;
    else {
      lines[lines.length - 1] = `${last}${between.trimEnd()}`;
      lines.push(word);
    }
  }
  return lines;
}
