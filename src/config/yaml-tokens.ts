import { type Document, type Scalar, visit } from 'yaml';
import { fillTokens, token, tokenPattern } from '../model/token.ts';

/** Tokens as plain words while YAML is parsed and printed, since `@` may not begin a value there. */
export class Words {
  readonly #tokens: string[] = [];

  hide(text: string): string {
    return text.includes('@{') ? text.replace(tokenPattern, (whole) => this.#word(whole)) : text;
  }

  show(text: string): string {
    return text.replace(word, (whole, index) => this.#tokens[Number(index)] ?? whole);
  }

  /** The text with its secrets to be escaped for a string in double quotes. */
  escape(text: string): string {
    return this.hide(
      fillTokens(this.show(text), ({ kind, name, filters }) => {
        if (kind !== 'secret' || filters.at(-1) === 'json') return undefined;
        return token(kind, name, [...filters.filter((filter) => filter !== 'tojson'), 'json']);
      }),
    );
  }

  holds(text: string): boolean {
    return text.search(word) >= 0;
  }

  #word(whole: string): string {
    return `\ue000${this.#tokens.push(whole) - 1}\ue001`;
  }
}

const word = /\ue000(\d+)\ue001/g;

/** Puts every text of a document that holds a token in double quotes. */
export function quoteTokens(document: Document, words: Words): void {
  visit(document, {
    Scalar(_, scalar: Scalar) {
      if (typeof scalar.value !== 'string' || !words.holds(scalar.value)) return;
      scalar.value = words.escape(scalar.value);
      scalar.type = 'QUOTE_DOUBLE';
    },
  });
}
