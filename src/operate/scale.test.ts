import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { KollageError } from '../model/error.ts';
import { readReplicas, writeReplicas } from './scale.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kollage-scale-'));
  const write = (path: string, text: string) => {
    mkdirSync(join(folder, path, '..'), { recursive: true });
    writeFileSync(join(folder, path), text);
  };
  write(
    'catalog/catalog.yaml',
    'catalog: c\ntitle: C\nroles: { controller: All }\nprofiles: { p: { title: P, default: true, services: [web] } }\n',
  );
  write('catalog/images/i.yaml', 'image: i\n');
  write(
    'catalog/off/service.yaml',
    'service: off\ntitle: O\nimage: i\ncomponents: { it: { command: run } }\n',
  );
  write(
    'catalog/web/service.yaml',
    `service: web
title: W
image: i
components:
  api: { command: run, endpoints: { api: { port: 80 } } }
  worker: { command: run }
  agent: { command: run, scale: { each: node } }
`,
  );
  write('kollage.yaml', 'name: c # mine\ncatalog: ./catalog\n');
});
afterEach(() => rmSync(folder, { recursive: true }));

const file = () => readFileSync(join(folder, 'kollage.yaml'), 'utf8');
const scale = (...words: string[]) => writeReplicas(folder, readReplicas(words));

async function problemOf(work: Promise<void>): Promise<string> {
  try {
    await work;
  } catch (error) {
    if (error instanceof KollageError) return `${error.code} ${error.message}`;
    throw error;
  }
  return '';
}

test('kollage.yaml says how many', async () => {
  await scale('web/worker=3', 'web/api=0');
  expect(file()).toBe(
    'name: c # mine\ncatalog: ./catalog\n\nservices:\n  web: { components: { api: { replicas: 0 }, worker: { replicas: 3 } } }\n',
  );
  await scale('web/worker=1');
  expect(file()).toContain('worker: { replicas: 1 }');
});

test.each([
  ['a service that is not there', 'wep/api=2', 'KLG-105 there is no service wep; did you mean web?'],
  [
    'a component that is not there',
    'web/apl=2',
    'KLG-105 there is no component web/apl; did you mean web/api?',
  ],
  ['a service that is off', 'off/it=2', 'KLG-109 off/it cannot be scaled: the service off is off'],
  [
    'one on each node',
    'web/agent=2',
    'KLG-104 web/agent runs once on each of its nodes, and takes no replicas',
  ],
  [
    'two on one port',
    'web/api=2',
    'KLG-404 web/api has 2 replicas that listen on port 80 of their node, but only 1 node has the role controller',
  ],
])('nothing is written for %s', async (_, word, problem) => {
  const before = file();
  expect(await problemOf(scale(word))).toBe(problem);
  expect(file()).toBe(before);
});

test.each([
  ['web=2'],
  ['web/api'],
  ['web/api=-1'],
  ['web/api=10001'],
  ['web/api=two'],
  ['web/api=1', 'web/api=2'],
])('what is not a number of a component is refused: %s', (...words) => {
  expect(() => readReplicas(words)).toThrow(
    expect.objectContaining({ finding: expect.objectContaining({ code: 'KLG-901' }) }),
  );
});
