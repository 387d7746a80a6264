import { expect, test } from 'vitest';
import type { Access, Endpoint } from '../../model/resource.ts';
import { plainPaint } from './testing.ts';
import { paintLine } from './text.ts';
import { usage } from './usage.ts';

const nobody = {
  kind: 'access',
  config: null,
  secrets: [],
  user: null,
  password: null,
  examples: [],
} as const;
const dashboard: Access = {
  ...nobody,
  id: 'front/access',
  service: 'front',
  links: { Dashboard: 'http://a.example:80/' },
};
const login: Access = {
  ...nobody,
  id: 'key/access',
  service: 'key',
  links: { Identity: 'http://a.example:5000/v3' },
  user: 'boss',
  password: 'key_password',
  examples: ['client list'],
};

function endpoint(id: string, publicUrl?: string): Endpoint {
  const rest = {
    host: '',
    port: 1,
    protocol: 'tcp',
    scheme: 'http',
    path: '',
    url: 'http://inside:1',
  } as const;
  const exposure = publicUrl === undefined ? 'internal' : 'public';
  return { kind: 'endpoint', id, workload: id, exposure, ...rest, ...(publicUrl && { publicUrl }) };
}

const resources = [
  dashboard,
  login,
  endpoint('db/sql'),
  endpoint('image/api', 'http://a.example:9292'),
  endpoint('key/api', 'http://a.example:5000'),
];

function lines(short: boolean, folder = 'cloud') {
  const handed = { files: ['cloud/clouds.yaml'], findings: [] };
  return usage({ resources }, handed, { folder, columns: 100, short }).map((line) =>
    paintLine(line, 200, plainPaint).trimEnd(),
  );
}

test('where it answers, who may log in, what to try; never a password', () => {
  expect(lines(false)).toEqual([
    '  Dashboard      http://a.example:80/',
    '  Identity       http://a.example:5000/v3',
    '  log in as      boss, whose password `kollage secrets -f cloud --show key_password` prints',
    '  also           image/api http://a.example:9292',
    '  files          cloud/clouds.yaml',
    '  try            kollage -f cloud client list',
    '                 kollage -f cloud status',
    '  take it away   kollage -f cloud destroy',
  ]);
});

test('in the folder itself it need not be named', () => {
  expect(lines(false, '.').slice(-2)).toEqual([
    '                 kollage status',
    '  take it away   kollage destroy',
  ]);
});

test('short where nothing was done, and nothing where nobody hands over anything', () => {
  expect(lines(true)).toHaveLength(3);
  const none = { files: [], findings: [] };
  expect(
    usage({ resources: [endpoint('db/sql')] }, none, { folder: '.', columns: 80, short: false }),
  ).toEqual([]);
});
