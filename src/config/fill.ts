import { KollageError } from '../model/error.ts';
import { fillTokens, type Token, valueIn } from '../model/token.ts';

/** The filters that a secret's token may carry, applied to its value when it is filled in. */
export const secretFilters: Readonly<Record<string, (value: string) => string>> = {
  /** Every character that a URL gives a meaning, `/` included: a password must not end the host part. */
  urlencode: (value) =>
    encodeURIComponent(value).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`),
  b64encode: (value) => Buffer.from(value, 'utf8').toString('base64'),
  quote: shellQuote,
  /** Inside the quotes of a JSON or YAML string. */
  json: (value) => JSON.stringify(value).slice(1, -1),
  tojson: (value) => JSON.stringify(value),
};

/**
 * Puts the secrets' values in the place of their tokens; other tokens stay. Errors: KLG-120 when `values` does not know
 * a name, KLG-123 when a token carries a filter that does not exist. Neither holds a value.
 */
export function fillSecrets(text: string, values: (name: string) => string | undefined): string {
  if (!text.includes('@{secret.')) return text;
  return fillTokens(text, (token) => (token.kind === 'secret' ? fill(token, values) : undefined));
}

function fill(token: Token, values: (name: string) => string | undefined): string {
  const value = valueIn(values, token.name);
  if (value === undefined)
    throw new KollageError({ code: 'KLG-120', message: `the secret ${token.name} is missing` });
  return token.filters.reduce((filled, name) => {
    const filter = Object.hasOwn(secretFilters, name) ? secretFilters[name] : undefined;
    if (!filter)
      throw new KollageError({
        code: 'KLG-123',
        message: `the secret ${token.name} is put through ${name}, which is no filter for secrets`,
      });
    return filter(filled);
  }, value);
}

/** A word that a POSIX shell reads as the text, by the rules of Python's shlex.quote. */
export function shellQuote(text: string): string {
  if (text !== '' && /^[\w@%+=:,./-]+$/.test(text)) return text;
  return `'${text.replaceAll("'", `'"'"'`)}'`;
}
