import { Cursor, unusual } from './quick-scalar.ts';

/** A cursor that knows lines with content, their columns, dashes and keys. */
export class Lines extends Cursor {
  /** Moves to the next content, unless it stands at some; gives its column (from 0), -1 at the end. */
  next(): number {
    while (this.at < this.text.length) {
      this.spaces();
      const { char } = this;
      if (char !== '\n' && char !== '#' && char !== '') return this.column();
      this.at = this.lineEnd() + 1;
    }
    return -1;
  }

  /** Whether a document's marker stands here. */
  isMarker(): boolean {
    return this.text.startsWith('---', this.at) && this.column() === 0;
  }

  /** The column here (from 0). */
  column(): number {
    return this.at - (this.text.lastIndexOf('\n', this.at - 1) + 1);
  }

  /** Whether an item of a list begins here. */
  isDash(): boolean {
    return this.char === '-' && ' \n'.includes(this.text[this.at + 1] ?? '\n');
  }

  /** The column of the next content, after a value that moved behind its line. */
  nextLine(): number {
    const next = this.next();
    if (next === 0 && (this.isMarker() || this.text.startsWith('...', this.at))) throw unusual;
    return next;
  }

  /** Whether a key stands here: plain or quoted, then a colon and a space or the line's end. */
  isKey(): boolean {
    const before = this.at;
    try {
      this.key();
      return true;
    } catch (error) {
      if (error === unusual) return false;
      throw error;
    } finally {
      this.at = before;
    }
  }

  /** Reads a key and its colon. */
  key(): string {
    const { text, at: start } = this;
    let key: string;
    if (this.char === '"' || this.char === "'") key = this.quoted();
    else {
      if (!/[A-Za-z0-9_./]/.test(this.char)) throw unusual;
      const line = text.slice(start, this.lineEnd());
      const colon = line.indexOf(':');
      if (colon === -1 || line[colon - 1] === ' ') throw unusual;
      key = line.slice(0, colon);
      if (key.includes(' #')) throw unusual;
      this.at = start + colon;
    }
    if (this.char !== ':' || !' \n'.includes(text[this.at + 1] ?? '\n') || key.length > 1000) throw unusual;
    this.at++;
    return key;
  }
}
