import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';

/* What the catalog makes of the answer of a service's upgrade check. */

const program = resolve(import.meta.dirname, '../../catalog/openstack/lib/upgrade-check.sh');
const table = `+------------------------+
| Upgrade Check Results  |
+------------------------+
| Check: Cells v2        |
| Result: Success        |
| Details: None          |
+------------------------+
| Check: Old computes    |
| Result: Failure        |
| Details: They are old. |
+------------------------+
| Check: Rows            |
| Result: ROWS           |
+------------------------+
`;

function asked(
  answer: string,
  code: number,
  expected = '',
): { status: number | null; last: string | undefined } {
  const { status, stdout } = spawnSync('sh', [program, 'sh', '-c', 'printf %s "$ANSWER"; exit "$CODE"'], {
    env: { PATH: process.env['PATH'], ANSWER: answer, CODE: String(code), EXPECTED: expected },
    encoding: 'utf8',
  });
  return { status, last: stdout.trim().split('\n').at(-1) };
}

const one = table.replace('ROWS', 'Success');
const two = table.replace('ROWS', 'Failure');

test.each([
  ['yes', '', 0, '', 0, 'kollage: step says yes'],
  ['a warning', '', 1, '', 0, 'kollage: step says yes, with warnings'],
  ['no', one, 2, '', 2, 'no: Old computes'],
  ['two that say no', two, 2, '', 2, 'no: Old computes Rows'],
  ['an expected no', one, 2, 'Old computes', 0, 'kollage: step says no to what is expected: Old computes'],
  ['one expected of two', two, 2, 'Old computes', 2, 'no: Rows'],
  ['a part of its name alone', one, 2, 'Old', 2, 'no: Old computes'],
  ['no without a table', 'gone\n', 2, 'Old computes', 2, 'no:'],
  [
    'an end in the middle',
    'Traceback\n',
    255,
    '',
    0,
    'kollage: step cannot be asked before its schema is the new one (255)',
  ],
])('%s', (_, answer, code, expected, status, last) => {
  expect(asked(answer, code, expected)).toEqual({ status, last });
});
