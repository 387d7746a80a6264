import { isMap, isScalar, parseDocument } from 'yaml';
import { KollageError } from '../../model/error.ts';

/**
 * The text of a kollage.yaml with another release, and nothing else of it touched: the value in its place, or a line of its own behind the name
 * where there was none. KLG-104 where the file is written in a way that cannot be edited.
 */
export function setRelease(text: string, release: string): string {
  const { contents } = parseDocument(text, { logLevel: 'error' });
  const pair = (name: string) =>
    isMap(contents) ? contents.items.find(({ key }) => isScalar(key) && key.value === name) : undefined;
  const put = (from: number, to: number, what: string) => text.slice(0, from) + what + text.slice(to);
  const value = pair('release')?.value;
  const quoted = JSON.stringify(release);
  if (isScalar(value) && value.range) return put(value.range[0], value.range[1], quoted);
  const name = pair('name')?.value;
  if (isMap(contents) && !contents.flow && isScalar(name) && name.range && !pair('release')) {
    const end = name.range[2];
    const before = text.slice(0, end).endsWith('\n') ? '' : '\n';
    return put(end, end, `${before}release: ${quoted}\n`);
  }
  throw new KollageError({
    code: 'KLG-104',
    message: `the release in kollage.yaml cannot be set: write a line "release: ${quoted}" yourself`,
  });
}
