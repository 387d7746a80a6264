import { stripVTControlCharacters } from 'node:util';
import { widthOf } from './text.ts';

/** What is needed of a terminal: process.stdout is one. */
export interface Terminal {
  readonly columns?: number;
  readonly rows?: number;
  write(text: string): unknown;
}

const esc = '\u001B[';
const hideCursor = `${esc}?25l`;
const showCursor = `${esc}?25h`;
/** Wrapping off while lines are drawn, so that one line is one row even where we count its width wrongly. */
const wrapOff = `${esc}?7l`;
const wrapOn = `${esc}?7h`;

/**
 * Draws a block of lines over the one before, with cursor movements only, each change in one write: lines that stay the same are passed over and
 * nothing is erased before its place is written again, so nothing flickers. The cursor is hidden, and below the block.
 */
export class Screen {
  readonly #terminal: Terminal;
  #before: readonly string[] = [];
  #columns = 0;
  #hidden = false;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  get columns(): number {
    return this.#terminal.columns || 80;
  }

  get rows(): number {
    return this.#terminal.rows || 24;
  }

  /** Draws painted lines, none wider than `columns`; at most `rows - 1` of them are shown. */
  draw(lines: readonly string[]): void {
    const shown = lines.slice(0, this.rows - 1);
    const resized = this.#columns !== this.columns;
    const parts = [this.#hidden ? '' : hideCursor, wrapOff, this.#up()];
    for (const [index, line] of shown.entries()) {
      const same = !resized && this.#before[index] === line;
      // A full line leaves the cursor on its last character, which is not to be erased.
      const rest = widthOf(stripVTControlCharacters(line)) < this.columns ? `${esc}K` : '';
      parts.push(same ? '\n' : `${line}${rest}\n`);
    }
    parts.push(`${esc}J`, wrapOn);
    this.#terminal.write(parts.join(''));
    this.#before = shown;
    this.#columns = this.columns;
    this.#hidden = true;
  }

  /** Puts a text into the scrollback in the place of the block, and gives the terminal back. Does no harm twice. */
  end(text = ''): void {
    if (!this.#hidden) {
      this.#terminal.write(text);
      return;
    }
    // Row by row: a terminal may take what is erased from its first row on as a whole screen, and keep it in the scrollback.
    const rows = this.#height();
    const blank = `${this.#up()}${`${esc}K\n`.repeat(rows)}${esc}J${this.#up()}`;
    this.#terminal.write(`${blank}${text}${showCursor}`);
    this.#before = [];
    this.#hidden = false;
  }

  /** Leaves the block where it is and shows the cursor: for a stop (Ctrl-Z) or an exit in the middle. The next drawing begins below. */
  leave(): void {
    if (this.#hidden) this.#terminal.write(`${wrapOn}${showCursor}`);
    this.#before = [];
    this.#hidden = false;
  }

  /** To the block's first row. */
  #up(): string {
    const rows = this.#height();
    return rows > 0 ? `\r${esc}${rows}A` : '\r';
  }

  /** The block's rows on the screen. A terminal that became narrower has broken long lines into several. */
  #height(): number {
    const rowsOf = (line: string) =>
      Math.max(1, Math.ceil(widthOf(stripVTControlCharacters(line)) / this.columns));
    const rows = this.#before.reduce((sum, line) => sum + rowsOf(line), 0);
    return Math.min(rows, this.rows - 1);
  }
}
