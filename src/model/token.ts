/**
 * Tokens stand in generated text for values that must not or cannot be there yet:
 * `@{secret.NAME}` or `@{secret.NAME|filter}`: filled by the engine, when it hands the file to a container;
 * `@{instance.port:ENDPOINT}`: filled by the engine for each instance: the port that this one has of a balanced endpoint;
 * `@{node.name}`, `@{node.address}`, `@{node.address:INTERFACE}`: filled by the start program, on the node;
 * `@{output.ID:KEY}`: filled by the start program, with what another workload or task published.
 * So a desired state can be printed, compared and kept without holding a secret, and is the same for every node and every instance.
 */
export const tokenPattern = /@\{(secret|node|output|instance)\.([A-Za-z0-9_./:-]+?)(?:\|([a-z0-9_|]+))?\}/g;

export type TokenKind = 'secret' | 'node' | 'output' | 'instance';

export interface Token {
  readonly kind: TokenKind;
  readonly name: string;
  /** The filters that the value goes through, in order (secrets only). */
  readonly filters: readonly string[];
}

/** The token's text. */
export function token(kind: TokenKind, name: string, filters: readonly string[] = []): string {
  return `@{${[`${kind}.${name}`, ...filters].join('|')}}`;
}

/** Every token in a text, in order, repeated ones included. */
export function tokensIn(text: string): Token[] {
  return [...text.matchAll(tokenPattern)].map(toToken);
}

/** The names of the secrets that a text holds, each once, sorted. */
export function secretsIn(text: string): string[] {
  if (!text.includes('@{secret.')) return [];
  return [...new Set(tokensIn(text).flatMap((t) => (t.kind === 'secret' ? [t.name] : [])))].sort();
}

/** Puts values in the place of tokens; a token for which `fill` gives undefined stays. */
export function fillTokens(text: string, fill: (token: Token) => string | undefined): string {
  return text.replace(tokenPattern, (whole, ...match) => fill(toToken([whole, ...match])) ?? whole);
}

function toToken(match: readonly unknown[]): Token {
  const filters = typeof match[3] === 'string' ? match[3].split('|') : [];
  return { kind: match[1] as TokenKind, name: String(match[2]), filters };
}
