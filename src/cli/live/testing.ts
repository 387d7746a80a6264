import { createColors } from 'picocolors';
import type { Terminal } from './screen.ts';

export const plainPaint = createColors(false);

/**
 * A terminal of a test: holds rows, scrolls, and follows the few control sequences that the screen uses (ECMA-48: CUU, EL, ED; DECTCEM, DECAWM).
 * Anything else that begins with ESC is an error.
 */
export class TestTerminal implements Terminal {
  columns: number;
  rows: number;
  cursorShown = true;
  /** The scrollback and what is on the screen below it. */
  lines: string[] = [''];
  #row = 0;
  #column = 0;

  constructor(columns: number, rows: number) {
    this.columns = columns;
    this.rows = rows;
  }

  write(text: string): boolean {
    const [first = '', ...rest] = text.split('\u001B');
    for (const character of first) this.#print(character);
    for (const part of rest) {
      const [, argument = '', what = '', after = ''] = /^\[([?\d]*)([A-Za-z])(.*)$/s.exec(part) ?? [];
      this.#control(`${argument}${what}`);
      for (const character of after) this.#print(character);
    }
    return true;
  }

  /** Without the empty lines at the end. */
  get text(): string {
    return this.lines
      .map((line) => line.trimEnd())
      .join('\n')
      .trimEnd();
  }

  #control(sequence: string): void {
    const up = /^(\d+)A$/.exec(sequence);
    // The cursor cannot leave the screen for the scrollback.
    if (up) this.#row = Math.max(this.lines.length - this.rows, this.#row - Number(up[1]), 0);
    else if (sequence === 'K') this.#set(this.#line.slice(0, this.#column));
    else if (sequence === 'J') {
      this.#set(this.#line.slice(0, this.#column));
      this.lines.fill('', this.#row + 1);
    } else if (sequence === '?25l' || sequence === '?25h') this.cursorShown = sequence === '?25h';
    else if (sequence !== '?7l' && sequence !== '?7h') throw new Error(`unknown sequence ${sequence}`);
  }

  #print(character: string): void {
    if (character === '\r') this.#column = 0;
    else if (character === '\n') {
      this.#row += 1;
      this.#column = 0;
      if (this.#row === this.lines.length) this.lines.push('');
    } else {
      const before = this.#line.slice(0, this.#column).padEnd(this.#column);
      this.#set(before + character + this.#line.slice(this.#column + 1));
      // Wrapping is off: the cursor stays on the last column.
      this.#column = Math.min(this.#column + 1, this.columns - 1);
    }
  }

  get #line(): string {
    return this.lines[this.#row] ?? '';
  }

  #set(line: string): void {
    this.lines[this.#row] = line;
  }
}
