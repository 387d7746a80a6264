import { expect, test } from 'vitest';
import { told } from './told.ts';

test.each([
  ['kollage: step server ACTIVE (2.3 s)', { step: 'server ACTIVE (2.3 s)' }],
  ['kollage: fact server MariaDB 11.8.9', { fact: 'server', value: 'MariaDB 11.8.9' }],
  ['kollage: file login.png aGVsbG8=', { file: 'login.png', content: Buffer.from('hello') }],
])('%s is told', (line, expected) => {
  expect(told(line)).toEqual(expected);
});

test.each([
  'Traceback (most recent call last):',
  'kollage: step',
  'kollage: fact server',
  'kollage: fact ../server x',
  'kollage: file login.png',
  'kollage: file login.png no base64',
  'kollage: file ../login.png aGVsbG8=',
  'kollage: file .bashrc aGVsbG8=',
  'kollage: file a/b aGVsbG8=',
  ' kollage: step indented',
  '',
])('%j is a line of the log', (line) => {
  expect(told(line)).toEqual({ line });
});
