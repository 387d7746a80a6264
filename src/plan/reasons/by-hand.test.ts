import { describe, expect, test } from 'vitest';
import { fillSecrets } from '../../config/fill.ts';
import { unfillSecrets } from '../../config/unfill.ts';
import { byHandDiff } from './by-hand.ts';

const values = new Map([
  ['db', 'p/w0rd'],
  ['admin', 'hunter2'],
]);
const value = (name: string) => values.get(name);
const unfill = unfillSecrets(values.keys(), value);
const text = `[DEFAULT]
debug = false
workers = 2

[database]
connection = mysql+pymysql://keystone:@{secret.db|urlencode}@127.0.0.1/keystone
max_retries = -1

[admin]
password = @{secret.admin}
`;
const wanted = fillSecrets(text, value);
const diffOf = (change: (file: string) => string) => byHandDiff(change(wanted), wanted, unfill);

test('a changed line is shown as it is and as it shall be, a secret beside it as its token', () => {
  const diff = diffOf((file) => file.replace('max_retries = -1', 'max_retries = 7'));
  expect(diff).toContain('-max_retries = 7\n+max_retries = -1');
  expect(diff).toContain(' connection = mysql+pymysql://keystone:@{secret.db|urlencode}@127.0.0.1');
});

test.each<[string, (file: string) => string, string]>([
  ['a secret that was changed', (file) => file.replace('hunter2', 's3cr3t'), '-password = (not shown)'],
  [
    'a part of a secret',
    (file) => file.replace('p%2Fw0rd', 's3cr3t'),
    '-connection = (not shown)\n+connection = mysql',
  ],
  ['a secret of its own', (file) => `${file}ldap_password = s3cr3t\n`, '-ldap_password = (not shown)'],
  [
    'a secret in a URL',
    (file) => `${file}transport_url = rabbit://me:s3cr3t@host/\n`,
    '-transport_url = rabbit://me:(not shown)@host/',
  ],
  ['a secret in JSON', (file) => `${file}"api_token": "s3cr3t",\n`, '-"api_token": (not shown)'],
  ['a secret in XML', (file) => `${file}<password>s3cr3t</password>\n`, '-(not shown)'],
  [
    'a line by another name where a secret was',
    (file) => file.replace('password = hunter2', 'pin = s3cr3t'),
    '-(not shown)\n+password = @{secret.admin}',
  ],
  [
    'both an option and a secret',
    (file) => file.replace('debug = false', 'debug = true').replace('hunter2', 's3cr3t'),
    '-debug = true\n+debug = false',
  ],
  ['a section of a telling name', (file) => `${file}[auth_token]\n`, '-[auth_token]'],
  ['another known secret', (file) => `${file}note = hunter2\n`, '-(not shown)'],
])('of %s the value is not shown', (_what, change, shown) => {
  const diff = diffOf(change);
  expect(diff).toContain(shown);
  expect(diff).not.toMatch(/s3cr3t|hunter2|w0rd/);
});

describe('a file that is nothing but a secret', () => {
  const key = '-----BEGIN KEY-----\nAAAAABBBBB\n\nCCCCCDDDDD\n-----END KEY-----\n';
  const hide = unfillSecrets(['key'], () => key);

  test('does not show what came in its place', () => {
    const diff = byHandDiff(key.replace('AAAAA', 'EEEEE'), key, hide);
    expect(diff).toContain('+@{secret.key}');
    expect(diff).not.toMatch(/[A-E]{5}/);
  });
});

test('where nothing can be shown there is no difference to show', () => {
  expect(byHandDiff('x', 'x', unfill)).toBeUndefined();
});
