/**
 * Tokens stand in generated text for values that must not or cannot be there yet:
 * `@{secret.NAME}` or `@{secret.NAME|filter}`: filled by the engine, when it hands the file to a container; `@{secret.NAME:former}`: the value on the
 * other side of the change that is under way, the same one where the change is about something else;
 * `@{instance.port:ENDPOINT}`: filled by the engine for each instance: the port that this one has of a balanced endpoint;
 * `@{instance.name}`: filled by the start program, where instances have names that outlive them: its own;
 * `@{node.name}`, `@{node.address}`, `@{node.address:INTERFACE}`: filled by the start program, on the node;
 * `@{each.ID}`: a line with it is written by the start program for each instance of the workload ID that is registered, with its `@{one.name}`,
 * `@{one.address}` and `@{one.port:ENDPOINT}`, and again when they come and go;
 * `@{output.ID:KEY}`: filled by the start program, with what another workload or task published.
 * So a desired state can be printed, compared and kept without holding a secret, and is the same for every node and every instance.
 */
export const tokenPattern =
  /@\{(secret|node|output|instance|each|one)\.([A-Za-z0-9_./:-]+?)(?:\|([a-z0-9_|]+))?\}/g;

export type TokenKind = 'secret' | 'node' | 'output' | 'instance' | 'each' | 'one';

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
  return [...new Set(tokensIn(text).flatMap((t) => (t.kind === 'secret' ? [nowOf(t.name)] : [])))].sort();
}

const former = ':former';

/** The token of the value that a secret has on the other side of a change. */
export function formerToken(name: string): string {
  return token('secret', `${name}${former}`);
}

/** The secret that a token's name is about. */
function nowOf(name: string): string {
  return name.endsWith(former) ? name.slice(0, -former.length) : name;
}

/** Secrets' values in a change: of the side that is gone to, and beside them those of the other side. */
export function onBothSides(
  to: (name: string) => string | undefined,
  from: (name: string) => string | undefined,
): (name: string) => string | undefined {
  return (name) => {
    const now = nowOf(name);
    return now === name ? to(name) : (from(now) ?? to(now));
  };
}

/** A secret's value by a token's name; where nobody changes anything, the former value is the one of now. */
export function valueIn(values: (name: string) => string | undefined, name: string): string | undefined {
  return values(name) ?? values(nowOf(name));
}

/** Puts values in the place of tokens; a token for which `fill` gives undefined stays. */
export function fillTokens(text: string, fill: (token: Token) => string | undefined): string {
  return text.replace(tokenPattern, (whole, ...match) => fill(toToken([whole, ...match])) ?? whole);
}

function toToken(match: readonly unknown[]): Token {
  const filters = typeof match[3] === 'string' ? match[3].split('|') : [];
  return { kind: match[1] as TokenKind, name: String(match[2]), filters };
}
