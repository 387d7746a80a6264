const range = /\[(\d+):(\d+)\]/g;
const maxNodes = 10_000;
/** Characters of a host's name (RFC 1123). */
const maxName = 253;

/**
 * Writes out `compute-[001:200]` and `rack[1:3]-[01:10]`: every combination, the last range running fastest. A first number
 * with leading zeros gives the width. A text without a range is itself.
 * Gives a text that says what is wrong instead, when a range runs backwards or makes more than 10,000 names.
 */
export function expandRanges(text: string): string[] | string {
  const parts = [...text.matchAll(range)];
  let count = 1;
  for (const [whole, first, last] of parts) {
    const size = Number(last) - Number(first) + 1;
    if (size < 1) return `the range ${whole} runs backwards`;
    count *= size;
    if (whole.length > maxName) return `the range ${whole.slice(0, 20)}… is longer than any name`;
    if (!(count <= maxNodes)) return `${text} stands for more than ${maxNodes} names`;
  }
  let names = [''];
  let at = 0;
  for (const part of parts) {
    const [whole, first = '', last = ''] = part;
    const before = text.slice(at, part.index);
    const numbers = numbersOf(first, Number(last));
    names = names.flatMap((name) => numbers.map((number) => name + before + number));
    at = part.index + whole.length;
  }
  return names.map((name) => name + text.slice(at));
}

function numbersOf(first: string, last: number): string[] {
  const width = first.startsWith('0') ? first.length : 0;
  return Array.from({ length: last - Number(first) + 1 }, (_, index) =>
    String(Number(first) + index).padStart(width, '0'),
  );
}

/** Whether a text can be a host's name (RFC 1123), with or without a domain. */
export function isHostName(text: string): boolean {
  return (
    text.length <= maxName &&
    text.split('.').every((label) => /^[A-Za-z0-9]([-A-Za-z0-9]{0,61}[A-Za-z0-9])?$/.test(label))
  );
}
