import { createHash } from 'node:crypto';
import { shellQuote } from '../fill.ts';
import { anyText, around, type Call, type Filter, fail, filter, ofText, text } from './call.ts';

/** What ansible.builtin.bool counts as true. */
const truths = new Set(['yes', 'on', '1', 'true', 'y', 't', '1.0']);

/** Texts grow no further than this by a filter (characters). */
const limit = 4 << 20;

/** Filters of texts: those that Ansible and Jinja2 have and minijinja lacks, and those that must not touch a secret. */
export const textFilters: Readonly<Record<string, Filter>> = {
  /** None is an error as undefined is, since the two cannot be told apart here: a misspelt name must not read as false. */
  bool: filter((call) =>
    typeof call.value === 'boolean' ? call.value : truths.has(text(call).toLowerCase()),
  ),
  b64encode: filter((call) => {
    const whole = anyText(call, call.value);
    const [only, ...more] = call.mask.pieces(whole);
    if (typeof only === 'object' && only.kind === 'secret' && more.length === 0)
      return call.mask.through(only, 'b64encode');
    return Buffer.from(text(call), 'utf8').toString('base64');
  }),
  b64decode: ofText((value) => Buffer.from(value, 'base64').toString('utf8')),
  quote: filter((call) => (call.value === '' ? "''" : around(call, 'quote', shellQuote))),
  /** Jinja2's keeps `/`; a secret loses it too (see fill.ts). */
  urlencode: filter((call) => {
    if (call.value instanceof Map) return query(call, call.value);
    return around(call, 'urlencode', (part) => encode(part).replaceAll('%2F', '/'));
  }),
  hash: filter((call) => digest(call, call.arg(0)), 'hashtype'),
  sha1: filter((call) => digest(call, 'sha1')),
  md5: filter((call) => digest(call, 'md5')),
  checksum: filter((call) => digest(call, 'sha1')),
  splitlines: ofText((value) =>
    value.split(/\r\n|\n|\r/).filter((line, index, all) => line !== '' || index < all.length - 1),
  ),
  basename: ofText((value) => value.slice(value.lastIndexOf('/') + 1)),
  dirname: ofText((value) =>
    value.slice(0, Math.max(value.lastIndexOf('/'), value.lastIndexOf('/') === 0 ? 1 : 0)),
  ),
  comment: filter((call) => {
    const mark =
      { plain: '# ', erlang: '% ', c: '// ', cblock: ' * ', xml: ' - ' }[String(call.arg(0) ?? 'plain')] ??
      '# ';
    return ['', ...anyText(call, call.value).split('\n'), '']
      .map((line) => (mark + line).trimEnd())
      .join('\n');
  }, 'style'),
  format: filter((call) => percent(anyText(call, call.value), call)),
  put_address_in_context: filter(
    (call) => inContext(anyText(call, call.value), String(call.arg(0))),
    'context',
  ),
  /** kolla-ansible's kolla_url: the port is left out where the scheme implies it. */
  kolla_url: filter(
    (call) => {
      const [scheme, port, path] = [String(call.arg(0)), Number(call.arg(1)), call.arg(2) ?? ''];
      const implied = (scheme === 'http' && port === 80) || (scheme === 'https' && port === 443);
      return `${scheme}://${inContext(anyText(call, call.value), 'url')}${implied ? '' : `:${port}`}${path}`;
    },
    'protocol',
    'port',
    'path',
  ),
  upper: ofText((value) => value.toUpperCase()),
  lower: ofText((value) => value.toLowerCase()),
  capitalize: ofText((value) => value.slice(0, 1).toUpperCase() + value.slice(1).toLowerCase()),
  title: ofText((value) =>
    value
      .toLowerCase()
      .replace(/(^|[^\p{L}\p{N}'])(\p{L})/gu, (_, before, letter) => before + letter.toUpperCase()),
  ),
  replace: ofText(
    (value, call) => {
      const count = call.arg(2);
      const parts = value.split(String(call.arg(0)));
      const many = typeof count === 'number' ? Math.min(count, parts.length - 1) : parts.length - 1;
      const by = anyText(call, call.arg(1) ?? '');
      if (value.length + by.length * many > limit) return fail('replace makes a text of more than 4 MiB');
      return (
        parts.slice(0, many + 1).join(by) +
        (many < parts.length - 1 ? String(call.arg(0)) + parts.slice(many + 1).join(String(call.arg(0))) : '')
      );
    },
    'old',
    'new',
    'count',
  ),
};

/** A query string; secrets in it must go through `urlencode` one by one, for their tokens to say so. */
function query(call: Call, values: ReadonlyMap<unknown, unknown>): string {
  return [...values]
    .map((pair) =>
      pair.map((part) => encode(text({ ...call, value: part })).replaceAll('%20', '+')).join('='),
    )
    .join('&');
}

function encode(value: string): string {
  return encodeURIComponent(value).replace(
    /[!'()*]/g,
    (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function digest(call: Call, type: unknown): string {
  const name = String(type ?? 'sha1');
  if (!/^(md5|sha(1|224|256|384|512))$/.test(name))
    return fail(`${call.name} does not know ${name}: sha1, sha256, sha384, sha512 or md5`);
  return createHash(name).update(text(call)).digest('hex');
}

/** Brackets an IPv6 address where the context wants it (kolla-ansible's put_address_in_context). */
function inContext(address: string, context: string): string {
  if (context !== 'url' && context !== 'memcache')
    return fail(`put_address_in_context knows url and memcache, not ${context}`);
  if (!/^[0-9A-Fa-f.]*:[0-9A-Fa-f:.]*(%\w+)?$/.test(address)) return address;
  return context === 'memcache' ? `inet6:[${address}]` : `[${address}]`;
}

/** Python's printf-style formatting, as far as configuration files use it: %s %d %i %x %o %f %% with flags, width and precision. */
function percent(pattern: string, call: Call): string {
  let next = 0;
  return pattern.replace(
    /%([-0+ #]*)(\d{0,3})(?:\.(\d{1,2}))?([sdixXof%])/g,
    (_, flags: string, width: string, digits: string | undefined, kind: string) => {
      if (kind === '%') return '%';
      if (next >= call.args.length) return fail('format has more places than values');
      const out = formatted(anyText(call, call.args[next++]), kind, digits);
      if (flags.includes('-')) return out.padEnd(Number(width));
      return out.padStart(Number(width), flags.includes('0') && kind !== 's' ? '0' : ' ');
    },
  );
}

function formatted(value: string, kind: string, digits: string | undefined): string {
  if (kind === 's') return digits === undefined ? value : value.slice(0, Number(digits));
  const number = Number(value);
  if (value.trim() === '' || !Number.isFinite(number)) return fail(`format %${kind} needs a number`);
  if (kind === 'f') return number.toFixed(Number(digits ?? 6));
  const whole = Math.trunc(number).toString(kind.toLowerCase() === 'x' ? 16 : kind === 'o' ? 8 : 10);
  return kind === 'X' ? whole.toUpperCase() : whole;
}
