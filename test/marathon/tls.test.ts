import { expect, onTestFinished, test } from 'vitest';
import { Operator } from '../../src/engines/marathon/operator.ts';
import { openDeployment, readDeploymentFile } from '../../src/load/deployment.ts';
import { TaskRunner } from '../../src/mesos/tasks.ts';
import { direct } from '../../src/mesos/transport.ts';
import { engineFor } from '../../src/operate/engine-of.ts';
import { forgetful, smallCluster, smallTask } from '../mesos/small.ts';
import { makeAuthority } from '../support/authority.ts';
import { complaints, folderWith } from '../support/folders.ts';
import { handOn, TlsServer } from '../support/tls-front.ts';

/* Marathon, Mesos and an agent that speak TLS, with certificates of an authority of the operator's own. */

const authority = makeAuthority();
const other = makeAuthority();
const untrusted = /^KLG-562 - the certificate of 127\.0\.0\.1:\d+ is not trusted: /;

async function secure(serve: ConstructorParameters<typeof TlsServer>[1]): Promise<string> {
  const server = await new TlsServer(authority, serve).listen();
  onTestFinished(() => server[Symbol.asyncDispose]());
  return server.url;
}

async function world() {
  const agent = await secure((asked, answer) => {
    const { pathname, searchParams } = new URL(asked.url ?? '', 'https://agent');
    const executor = { id: 'task', source: 'task', directory: '/box' };
    const isRead = pathname === '/files/read' && searchParams.get('path') === '/box/stdout';
    const said = isRead
      ? { data: 'hello\n', offset: 0 }
      : { frameworks: [{ executors: [executor], completed_executors: [] }], completed_frameworks: [] };
    answer.end(JSON.stringify(said));
  });
  const { marathon, mesos } = await smallCluster({ pid: `slave(1)@${new URL(agent).host}` });
  const front = (to: string) => secure((asked, answer) => handOn(asked, answer, `${to}${asked.url}`));
  return { marathon: await front(marathon), mesos: await front(mesos) };
}

/** The engine that a folder names, whose authority is another perhaps, or none. */
function engineOf({ marathon, mesos }: Awaited<ReturnType<typeof world>>, ca: string | null) {
  const named = ca === null ? '' : ', ca: ca.pem';
  const folder = folderWith({
    'kollage.yaml': `name: mycloud\nengine: { type: marathon, address: "${marathon}", mesos: "${mesos}"${named} }\n`,
    'ca.pem': ca ?? '',
  });
  return engineFor(readDeploymentFile(openDeployment(folder)).file.value.engine);
}

test('with the authority of the folder Marathon and Mesos are asked', async () => {
  const engine = engineOf(await world(), authority.ca);
  expect(await engine.version()).toBe('1.11.24');
  expect((await engine.nodes({ deployment: 'mycloud', nodes: [] })).map(({ name }) => name)).toEqual([
    'agent-1',
  ]);
});

test('agents are asked with TLS as their masters are', async () => {
  const { marathon, mesos } = await world();
  const operator = new Operator(direct({ marathon: [marathon], mesos: [mesos], ca: authority.ca }));
  const [agent] = await operator.agents();
  if (agent === undefined) throw new Error('no agent');
  expect(await operator.sandbox(agent, 'task')).toBe('/box');
  expect(await operator.read(agent, '/box/stdout', 0)).toBe('hello\n');
});

test.each([
  ['another authority', other.ca],
  ['no authority', null],
])('with %s it is one error, at once', async (_, ca) => {
  const engine = engineOf(await world(), ca);
  expect(await complaints(() => engine.version())).toEqual([expect.stringMatching(untrusted)]);
});

test('one-time tasks go the same way, and are told the same', async () => {
  const { marathon, mesos } = await world();
  const run = (ca: string) => {
    const { fetch } = direct({ marathon: [marathon], mesos: [mesos], ca });
    const runner = new TaskRunner({
      ...{ masters: [mesos], fetch, memory: forgetful },
      ...{ name: 'kollage-test', user: 'root', role: '*' },
    });
    onTestFinished(() => runner.close());
    return runner.run(smallTask);
  };
  expect(await run(authority.ca)).toEqual({ state: 'finished' });
  expect(await complaints(() => run(other.ca))).toEqual([expect.stringMatching(untrusted)]);
});
