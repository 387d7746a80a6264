import { expect, test } from 'vitest';
import { KollageError } from '../model/error.ts';
import { atSource } from './source-line.ts';

const source = "{% from 'lib.j2' import section %}\n[DEFAULT]\nkey = {{ key }}\n[broken\n{{ section() }}\n";
const text = '\n\n[DEFAULT]\nkey = 1\n[broken\n\n[made\n';

function told(file: string, line: number, written = source) {
  try {
    return atSource([{ file: 'web.conf.j2', source: written, text }], () => {
      throw new KollageError({ code: 'KLG-208', message: 'wrong', place: { file, line, column: 1 } });
    });
  } catch (error) {
    if (!(error instanceof KollageError)) throw error;
    return [error.finding.message, error.finding.place];
  }
}

test('a line that stands in the file as it is: the place in the file', () => {
  expect(told('web.conf.j2', 5)).toEqual(['wrong', { file: 'web.conf.j2', line: 4, column: 1 }]);
});

test('a line that a template made: the file alone, and the rendered line in words', () => {
  const expected = ['wrong (line 7 of what its templates give)', { file: 'web.conf.j2' }];
  expect(told('web.conf.j2', 7)).toEqual(expected);
});

test('a line that stands there twice: not guessed', () => {
  expect(told('web.conf.j2', 5, `${source}[broken\n`)).toEqual([
    'wrong (line 5 of what its templates give)',
    { file: 'web.conf.j2' },
  ]);
});

test('a file without templates, or another file: as it was told', () => {
  expect(told('web.conf.j2', 5, text)).toEqual(['wrong', { file: 'web.conf.j2', line: 5, column: 1 }]);
  expect(told('other.conf', 5)).toEqual(['wrong', { file: 'other.conf', line: 5, column: 1 }]);
});

test('all mistakes of a check, and what is no mistake', () => {
  expect(atSource([], () => 3)).toBe(3);
  const also = [
    { code: 'KLG-208', severity: 'error', message: 'too', place: { file: 'a', line: 2 } },
  ] as const;
  const layers = [{ file: 'a', source: '{{ x }}\nlast', text: '1\n2\nlast' }];
  const fail = (): never => {
    throw new KollageError({ code: 'KLG-208', message: 'first', place: { file: 'a', line: 3 } }, { also });
  };
  expect(() => atSource(layers, fail)).toThrowError(
    expect.objectContaining({
      finding: expect.objectContaining({ place: { file: 'a', line: 2 } }),
      also: [expect.objectContaining({ message: 'too (line 2 of what its templates give)' })],
    }),
  );
});
