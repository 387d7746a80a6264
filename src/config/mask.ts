import { fillTokens, type Token, token, tokenPattern } from '../model/token.ts';

/*
 * Inside Jinja a token stands as a word of Deseret letters of both cases: `@{secret.x}` as "𐑏...𐐧". No template touches
 * these letters on purpose, but lower, upper, a slice, a reversal and the like break the word, which is seen afterwards.
 */
const first = 0x10400;
const begin = String.fromCodePoint(first + 79);
const end = String.fromCodePoint(first + 39);
const word = /\u{1044F}([\u{10400}-\u{1044E}]{5})\u{10427}/gu;
const letters = /[\u{10400}-\u{1044F}]/u;

/** Puts words in the place of tokens and takes them back. Each Jinja has its own. */
export class Mask {
  readonly #words = new Map<string, string>();
  readonly #tokens = new Map<string, string>();

  /** The value with every token in its strings masked, at any depth; the same value where it holds none. */
  hide(value: unknown): unknown {
    if (typeof value === 'string') return this.hideText(value);
    if (typeof value !== 'object' || value === null) return value;
    if (Array.isArray(value)) {
      const items = value.map((item) => this.hide(item));
      return items.some((item, index) => item !== value[index]) ? items : value;
    }
    const entries = Object.entries(value);
    const hidden = entries.map(([key, item]): [string, unknown] => [this.hideText(key), this.hide(item)]);
    const isSame = hidden.every(
      ([key, item], index) => item === entries[index]?.[1] && key === entries[index]?.[0],
    );
    return isSame ? value : Object.fromEntries(hidden);
  }

  hideText(text: string): string {
    if (!text.includes('@{')) return text;
    return text.replace(tokenPattern, (whole) => this.#word(whole));
  }

  /** The text with its tokens back. */
  show(text: string): string {
    return text.includes('\ud801') ? text.replace(word, (whole) => this.#tokens.get(whole) ?? whole) : text;
  }

  /** What the engine gave: maps as objects, none as null, tokens back in every text. */
  showDeep(value: unknown): unknown {
    if (typeof value === 'string') return this.show(value);
    if (value === undefined) return null;
    if (Array.isArray(value)) return value.map((item) => this.showDeep(item));
    if (!(value instanceof Map)) return value;
    return Object.fromEntries([...value].map(([key, item]) => [this.show(String(key)), this.showDeep(item)]));
  }

  /** Whether the text holds pieces of a masked token. */
  isBroken(text: string): boolean {
    return (
      text.includes('\ud801') &&
      letters.test(text.replace(word, (whole) => (this.#tokens.has(whole) ? '' : whole)))
    );
  }

  holds(text: string): boolean {
    return text.includes('\ud801') && letters.test(text);
  }

  /** The text in pieces: tokens, and the plain text between them. */
  pieces(text: string): (string | Token)[] {
    if (!this.holds(text)) return [text];
    const out: (string | Token)[] = [];
    let at = 0;
    for (const match of text.matchAll(word)) {
      if (match.index > at) out.push(text.slice(at, match.index));
      fillTokens(this.show(match[0]), (one) => {
        out.push(one);
        return undefined;
      });
      at = match.index + match[0].length;
    }
    if (at < text.length) out.push(text.slice(at));
    return out;
  }

  /** A masked token that carries one filter more. Only secrets are filled by what knows filters; the others stay as they are. */
  through(one: Token, filter: string): string {
    const filters = one.kind === 'secret' ? [...one.filters, filter] : one.filters;
    return this.#word(token(one.kind, one.name, filters));
  }

  #word(text: string): string {
    const known = this.#words.get(text);
    if (known !== undefined) return known;
    const made = begin + digits(this.#words.size) + end;
    this.#words.set(text, made);
    this.#tokens.set(made, text);
    return made;
  }
}

export type Callable = (...args: unknown[]) => unknown;

export function isCallable(value: unknown): value is Callable {
  return typeof value === 'function';
}

/** Five letters, lower and upper in turn, so that a change of case is seen. */
function digits(number: number): string {
  let out = '';
  for (let place = 0; place < 5; place += 1) {
    out += String.fromCodePoint(first + (place % 2 === 0 ? 40 : 0) + (number % 39));
    number = Math.floor(number / 39);
  }
  return out;
}
