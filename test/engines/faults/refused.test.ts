import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Fault, FaultDocker, faults } from '../../support/fault-docker.ts';
import { Running } from '../running.ts';
import { makeShop } from '../shop.ts';

/* Docker refuses one call, or its answer is lost: each call that `up` makes, once, in every way. */

const name = 'kollage-fault-refused';
const ports = 21661;
const docker = new FaultDocker();
const shop = makeShop(name, ports, `engine: { type: docker, address: ${docker.socket} }\n`);
const shopping = new Running(shop.folder);
const states = {
  one: '',
  two: 'services: { store: { options: { memory: 32 } }, web: { options: { command: cp /etc/web.conf /data/other } } }\n',
};

beforeAll(() => {
  define();
  return docker.start();
});
afterEach(() => docker.fail(() => null));
afterAll(async () => {
  await shopping.destroy();
  await docker.stop();
});

/** A file that is read again while its process goes on, a check inside a container, and what a process has written: commands in containers. */
function define(): void {
  const file = join(shop.folder, '../catalog/web/service.yaml');
  const text = readFileSync(file, 'utf8')
    .replace('main: true, owner: root }', 'main: true, owner: root, onChange: reload }')
    .replace(
      '    config: [web.conf]\n    endpoints',
      '    config: [web.conf]\n    reload: { command: "true" }\n    endpoints',
    )
    .replace('{ tcp: { endpoint: back }, grace: 20 }', '{ file: { path: /etc/hostname }, grace: 20 }')
    .replace('    endpoints: { back', '    outputs: { name: /etc/hostname }\n    endpoints: { back');
  writeFileSync(file, text);
}

function configure(state: keyof typeof states): void {
  shop.configure(states[state]);
  shop.override('web/web-front.conf', `[web]\nstate = ${state}\n`);
}

/** Goes to a state; gives how often each call was made. */
async function callsTo(state: keyof typeof states): Promise<Map<string, number>> {
  docker.calls.splice(0);
  configure(state);
  await shopping.up();
  return new Map([...Map.groupBy(docker.calls, (call) => call)].map(([call, all]) => [call, all.length]));
}

/** Goes to a state while the nth of a kind of calls fails once, and then again. Gives what the first said. */
async function despite(state: keyof typeof states, call: string, nth: number, fault: Fault): Promise<string> {
  configure(state);
  const failed = docker.failOnce(call, nth, fault);
  const error = await shopping.tryUp();
  expect(failed(), `${call} came to its fault`).toBe(true);
  docker.fail(() => null);
  await shopping.up();
  expect(await shopping.ailing()).toEqual([]);
  return error?.code ?? 'done';
}

/** What is to come of it: a cut command is not run again, for nobody knows what it did, unless it only asks whether all is well; all else is. */
const outcome = (call: string, fault: Fault) =>
  call === 'POST /exec/:id/start' && typeof fault === 'string'
    ? expect.stringMatching(/^(done|KLG-501)$/)
    : 'done';

describe('whatever fails once, it is done, or the next run finishes', () => {
  test('while it comes up', async () => {
    const calls = await callsTo('one');
    expect(calls.keys().toArray()).toEqual(
      expect.arrayContaining(['POST /volumes/create', 'POST /exec/:id/start']),
    );
    await shopping.destroy();
    for (const [call, times] of calls)
      for (const [index, fault] of faults.entries()) {
        const code = await despite('one', call, 1 + (index % times), fault);
        expect([call, fault, code]).toEqual([call, fault, outcome(call, fault)]);
        await shopping.destroy();
      }
  });

  test('while it is changed', async () => {
    await callsTo('one');
    const calls = await callsTo('two');
    expect(calls.keys().toArray()).toEqual(
      expect.arrayContaining(['DELETE /containers/:id', 'POST /exec/:id/start']),
    );
    let to: 'one' | 'two' = 'two';
    // To ask what is there has been tried while it came up.
    const acts = [...calls].filter(([call]) => !call.startsWith('GET'));
    for (const [call, times] of acts)
      for (const [index, fault] of faults.entries()) {
        to = to === 'one' ? 'two' : 'one';
        const code = await despite(to, call, 1 + (index % times), fault);
        expect([call, fault, code]).toEqual([call, fault, outcome(call, fault)]);
      }
  });
});

test.each(['DELETE /containers/:id', 'POST /containers/create', 'POST /containers/:id/start'])(
  '%s fails for good on the way back: KLG-510 says so, and the next run goes on with it',
  async (call) => {
    await callsTo('one');
    shop.configure(
      `services: { store: { options: { memory: ${32 + call.length} } }, web: { options: { command: ls /no/such/file } } }\n`,
    );
    let isGoingBack = false;
    docker.fail((one) => (isGoingBack && one === call ? 500 : null));
    const { code, message } = await shopping.failsUp((event) => {
      isGoingBack ||= event.type === 'taking-back';
    });
    expect([code, message]).toEqual(['KLG-510', expect.stringContaining('so the test wants it')]);
    docker.fail(() => null);
    // This run takes it back, before it looks at what is wanted now.
    expect((await shopping.failsUp()).code).toBe('KLG-511');
    expect(await shopping.ailing()).toEqual([]);
    shop.configure(states.one);
    expect((await shopping.up()).number).toBeNull();
  },
);
