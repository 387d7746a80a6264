/** Thrown where a text is not as plain as the quick reader takes it; never seen outside of it. */
export const unusual = Symbol('unusual YAML');

const maxValues = 300_000;

/** A place in a text, and the small moves that block and flow reading share. */
export class Cursor {
  readonly text: string;
  at = 0;
  #values = 0;

  constructor(text: string) {
    this.text = text;
  }

  /** Counts a value, since what follows reading must be bounded too. */
  count(): void {
    if (++this.#values > maxValues) throw unusual;
  }

  get char(): string {
    return this.text[this.at] ?? '';
  }

  /** Moves over spaces. */
  spaces(): void {
    while (this.text.charCodeAt(this.at) === 32) this.at++;
  }

  /** Whether nothing but a comment follows on this line; moves behind the line then. */
  endLine(): boolean {
    const from = this.at;
    this.spaces();
    const { char } = this;
    if (char !== '' && char !== '\n' && (char !== '#' || this.at === from)) {
      this.at = from;
      return false;
    }
    this.at = this.lineEnd() + 1;
    return true;
  }

  /** Where the line break of this line is, or the text's end. */
  lineEnd(from = this.at): number {
    const end = this.text.indexOf('\n', from);
    return end === -1 ? this.text.length : end;
  }

  /** Reads a quoted text that ends on its line; moves behind it. */
  quoted(): string {
    const quote = this.char;
    const start = this.at + 1;
    const end = quote === '"' ? doubleEnd(this.text, start) : singleEnd(this.text, start);
    const raw = this.text.slice(start, end);
    if (raw.includes('\n')) throw unusual;
    this.at = end + 1;
    if (quote === "'") return raw.includes("'") ? raw.replaceAll("''", "'") : raw;
    return raw.includes('\\') ? unescaped(raw) : raw;
  }
}

function singleEnd(text: string, start: number): number {
  for (let at = text.indexOf("'", start); at !== -1; at = text.indexOf("'", at + 2)) {
    if (text[at + 1] !== "'") return at;
  }
  throw unusual;
}

function doubleEnd(text: string, start: number): number {
  for (let at = start; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 34) return at;
    if (code === 92) at++;
    if (code === 10) break;
  }
  throw unusual;
}

const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', '"': '"', '\\': '\\' };

function unescaped(raw: string): string {
  return raw.replace(/\\(.)/gs, (_, char: string) => {
    const value = escapes[char];
    if (value === undefined) throw unusual;
    return value;
  });
}

/** Whether a plain (unquoted) text may begin with the character at an offset; `flow`: inside [ ] or { }. */
export function beginsPlain(text: string, at: number, flow: boolean): boolean {
  const char = text[at] ?? '';
  if (char === '-')
    return /[^\s,[\]{}]/.test(text[at + 1] ?? ' ') || (!flow && /[^\s]/.test(text[at + 1] ?? ' '));
  return char !== '' && !'?:,[]{}#&*!|>\'"%@` \n'.includes(char);
}

/** The end of a plain text that begins at an offset, on its line: before a comment, and without the spaces at its end. */
export function plainEnd(text: string, start: number, lineEnd: number): number {
  let end = lineEnd;
  for (let at = start; at < lineEnd; at++) {
    const code = text.charCodeAt(at);
    if (code === 35 && text.charCodeAt(at - 1) === 32) {
      end = at;
      break;
    }
    // A colon before a space makes a key of what is before it.
    if (code === 58 && (at + 1 === lineEnd || text.charCodeAt(at + 1) === 32)) throw unusual;
  }
  while (end > start && text.charCodeAt(end - 1) === 32) end--;
  return end;
}
