import { once } from 'node:events';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { SimulatedEngine, Steps, World } from '../execute/testing.ts';
import { deploymentCheck } from '../model/deployment.ts';
import { desiredOf } from '../plan/testing.ts';
import { holds } from './checks.ts';

const server = createServer((request, response) =>
  response.writeHead(request.url === '/yes' ? 200 : 500).end(),
);
let base = '';

beforeAll(async () => {
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const address = server.address();
  base = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
});

afterAll(() => void server.close());

async function problemOf(...checks: object[]): Promise<string | null> {
  const checked = {
    folder: tmpdir(),
    engine: new SimulatedEngine(new World(), new Steps()),
    desired: desiredOf({}),
    signal: new AbortController().signal,
  };
  try {
    await holds(
      checks.map((check) => deploymentCheck.parse(check)),
      checked,
    );
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

test('what holds says nothing', async () => {
  expect(
    await problemOf({ http: `${base}/yes` }, { http: `${base}/no`, status: [500] }, { command: 'true' }),
  ).toBeNull();
});

test.each([
  ['a wrong answer', () => ({ http: `${base}/no` }), /\/no: HTTP 500$/],
  ['nobody there', () => ({ http: 'http://127.0.0.1:2' }), /connection refused$/],
  ['a command', () => ({ command: 'echo because >&2; exit 3' }), /: it ends with 3: because$/],
  ['its name', () => ({ command: 'false', name: 'the shop sells' }), /^the shop sells: it ends with 1$/],
  ['a command in a component that is not there', () => ({ command: 'true', in: 'a/b' }), /ends with 1$/],
  ['one that takes too long', () => ({ command: 'exec sleep 600', timeout: 0.05 }), /^exec sleep 600: /],
])('what does not hold is named: %s', async (_, check, problem) => {
  expect(await problemOf(check())).toMatch(problem);
});

test('a command knows its deployment', async () => {
  expect(await problemOf({ command: '[ "$KOLLAGE_DEPLOYMENT" = test ]' })).toBeNull();
});
