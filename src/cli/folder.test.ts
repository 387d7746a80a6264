import { expect, test } from 'vitest';
import { wordsOf } from './folder.ts';

const cases: readonly [string, ReturnType<typeof wordsOf>][] = [
  ['up', { folder: undefined, before: [], name: 'up', after: [] }],
  ['up -f there --json', { folder: undefined, before: [], name: 'up', after: ['-f', 'there', '--json'] }],
  ['-f there up', { folder: 'there', before: [], name: 'up', after: [] }],
  ['-fthere client', { folder: 'there', before: [], name: 'client', after: [] }],
  [
    '--no-color --folder=there client -f json --help',
    { folder: 'there', before: ['--no-color'], name: 'client', after: ['-f', 'json', '--help'] },
  ],
  ['--folder there client -- x', { folder: 'there', before: [], name: 'client', after: ['--', 'x'] }],
  ['-f', { folder: undefined, before: [], name: undefined, after: [] }],
  ['--help', { folder: undefined, before: ['--help'], name: undefined, after: [] }],
];

test.each(cases)('%s', (line, words) => {
  expect(wordsOf(line.split(' '))).toEqual(words);
});
