import { expect, test } from 'vitest';
import type { z } from 'zod';
import type { ready as readySchema } from '../model/service.ts';
import { compileTest, resource, type TestCatalog, type TestDeployment } from './testing.ts';

type Ready = z.input<typeof readySchema>;

const login = {
  http: {
    endpoint: 'id/api',
    path: '/tokens',
    body: { users: [{ name: '{{ options.who }}', password: "{{ secret('pass') }}", age: 7 }] },
    status: [201],
  },
  gives: { token: "headers['x-token']" },
  headers: { 'X-Token': '{token}' },
};

function catalog(ready: Ready): TestCatalog {
  const component = { command: 'run', endpoints: { api: { port: 80, scheme: 'http' } } };
  return {
    catalog: {
      options: { who: { type: 'string', doc: '', default: 'admin' } },
      logins: { admin: login, other: login },
    },
    services: {
      id: {
        image: 'app',
        components: { server: { ...component, endpoints: { api: { port: 50, scheme: 'http' } } } },
      },
      web: { image: 'app', components: { server: { ...component, ready: [ready] } } },
    },
  };
}

const deployment: TestDeployment = { secrets: { pass: 'print' } };
const ready: Ready = {
  http: { endpoint: 'api', path: "/{{ 'of' }}/{node}", login: 'admin' },
  that: 'body.up',
  else: "{node} is {{ 'down' }}",
};

test('endpoints become URLs, templates are evaluated, and what is asked later stays as it is', () => {
  const { desired, findings } = compileTest(catalog(ready), deployment);
  expect(findings).toEqual([]);
  expect(resource(desired, 'workload', 'web/server').ready).toEqual([
    {
      request: { method: 'GET', url: 'http://127.0.0.1:80/of/{node}', body: null, status: [200] },
      login: 'admin',
      that: 'body.up',
      otherwise: '{node} is down',
    },
  ]);
});

test('logins that are used are kept, with tokens in the place of secrets', () => {
  const { desired } = compileTest(catalog(ready), deployment);
  expect(desired.logins).toEqual([
    {
      name: 'admin',
      request: {
        method: 'POST',
        url: 'http://127.0.0.1:50/tokens',
        body: { users: [{ name: 'admin', password: '@{secret.pass}', age: 7 }] },
        status: [201],
      },
      gives: login.gives,
      headers: login.headers,
    },
  ]);
  expect(compileTest(catalog({ http: { endpoint: 'api' } }), deployment).desired.logins).toEqual([]);
});

test('a secret that a login needs and that is missing is said', () => {
  const { findings } = compileTest(catalog(ready));
  expect(findings).toMatchObject([{ code: 'KLG-120', message: 'the secret pass is missing' }]);
});

test('a changed check restarts nothing', () => {
  const print = (check: Ready) =>
    resource(compileTest(catalog(check), deployment).desired, 'workload', 'web/server').fingerprint;
  expect(print({ ...ready, that: 'body.other' })).toBe(print(ready));
});

test('a check with a condition is there when that holds', () => {
  const checks = (when: string) =>
    resource(compileTest(catalog({ ...ready, when }), deployment).desired, 'workload', 'web/server').ready;
  expect(checks("options.who == 'admin'")).toHaveLength(1);
  expect(checks("options.who == 'other'")).toEqual([]);
});

test.each([
  [
    'of a check',
    { http: { endpoint: 'id/api' } },
    'web/service.yaml#components.server.ready.0.http.endpoint',
  ],
  ['of a login', ready, 'catalog.yaml#logins.admin.http.endpoint'],
])('the endpoint %s is of a service that is off', (_, check, file) => {
  const compiled = () => compileTest(catalog(check), { ...deployment, services: ['web'] });
  expect(compiled).toThrow('no service that is on offers the endpoint id/api');
  expect(compiled).toThrow(
    expect.objectContaining({ finding: expect.objectContaining({ code: 'KLG-202', place: { file } }) }),
  );
});
