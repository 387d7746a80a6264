import fc from 'fast-check';

/** One way to break a text. Each takes numbers between 0 and 1 that say where. */
type Breaking = (text: string, at: number, to: number, piece: string) => string;

const spot = (text: string, at: number) => Math.floor(at * (text.length + 1));
const pick = (lines: readonly string[], at: number) =>
  Math.min(lines.length - 1, Math.floor(at * lines.length));

const breakings: Readonly<Record<string, Breaking>> = {
  cut: (text, at) => text.slice(0, spot(text, at)),
  behead: (text, at) => text.slice(spot(text, at)),
  take: (text, at, to) => {
    const start = spot(text, at);
    return text.slice(0, start) + text.slice(start + Math.ceil(to * 8));
  },
  put: (text, at, _, piece) => text.slice(0, spot(text, at)) + piece + text.slice(spot(text, at)),
  swap: (text, at, to) => {
    const lines = text.split('\n');
    const [a, b] = [pick(lines, at), pick(lines, to)];
    return lines.map((line, index) => (index === a ? lines[b] : index === b ? lines[a] : line)).join('\n');
  },
  twice: (text, at) => {
    const lines = text.split('\n');
    return lines.flatMap((line, index) => (index === pick(lines, at) ? [line, line] : [line])).join('\n');
  },
  drop: (text, at) => {
    const lines = text.split('\n');
    return lines.filter((_, index) => index !== pick(lines, at)).join('\n');
  },
  indent: (text, at, _, piece) => {
    const lines = text.split('\n');
    return lines
      .map((line, index) => (index === pick(lines, at) ? (piece[0] ?? ' ') + line : line))
      .join('\n');
  },
  words: (text, at, to) => {
    const words = text.split(/\b/);
    return words.map((word, index) => (index === pick(words, at) ? words[pick(words, to)] : word)).join('');
  },
};

/** Pieces that have a meaning in one of the languages of these files, or in none. */
const pieces = [
  '\t',
  ' ',
  '\n',
  '\r',
  '\r\n',
  '\u0000',
  '\uFEFF',
  '\u2028',
  '\u0085',
  '\u001B[31m',
  '\uD800',
  '𐑏𐐨𐐨𐐨𐐨𐐨𐐧',
  ':',
  ': ',
  '- ',
  '? ',
  '#',
  ' #',
  '&a ',
  '*a',
  '!',
  '!!binary ',
  '!vault |',
  '|',
  '>',
  '%',
  '@',
  '`',
  '---\n',
  '...\n',
  '[',
  ']',
  '{',
  '}',
  ',',
  '"',
  "'",
  '\\',
  '<<: ',
  '<<: *a',
  '__proto__: ',
  'constructor: ',
  'hasOwnProperty: {}\n',
  '{{',
  '}}',
  '{%',
  '%}',
  '{#',
  '#}',
  '{{ x }}',
  '{{ secret("web_key") }}',
  "{{ secret('nothing') }}",
  "{{ secret('web_key')[1:3] }}",
  "{{ endpoint('no/thing').url }}",
  '{% for x in range(100000) %}{% for y in range(100000) %}{% endfor %}{% endfor %}',
  '@{secret.web_key}',
  '@{secret.db_password|nofilter}',
  '@{node.address:eth0}',
  '@{output.web/migrate:token}',
  '@{',
  '$(id)',
  '`id`',
  ';',
  '../../../etc/passwd',
  'null',
  '~',
  'true',
  'yes',
  '0x1F',
  '1e999',
  '-0',
  '.inf',
  '.nan',
  '99999999999999999999',
  '2001-01-01',
  'é',
  '\u202E',
] as const;

/** Not fc.double: most of its numbers are next to 0. */
const share = fc.integer({ min: 0, max: 10_000 }).map((number) => number / 10_000);

/** Changes of a text: one to four of the breakings. It prints as what it does. */
export const changes: fc.Arbitrary<{ name: string; change: (text: string) => string }> = fc
  .array(
    fc.record({
      how: fc.constantFrom(...Object.keys(breakings)),
      at: share,
      to: share,
      piece: fc.oneof(fc.constantFrom(...pieces), fc.string({ unit: 'binary', maxLength: 6 })),
    }),
    { minLength: 1, maxLength: 4 },
  )
  .map((steps) => ({
    name: JSON.stringify(steps),
    change: (text) =>
      steps.reduce((now, { how, at, to, piece }) => breakings[how]?.(now, at, to, piece) ?? now, text),
  }));
