import { execFile, execFileSync } from 'node:child_process';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterEach, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { ZooKeeperClient } from '../../src/zookeeper/client.ts';
import { anyone, permission } from '../../src/zookeeper/protocol.ts';
import { derivedImage } from '../support/derived-image.ts';
import { folderWith } from '../support/folders.ts';
import { haveImages } from '../support/images.ts';

/*
 * `kollage bootstrap mesos` with a real Docker and our own ZooKeeper. No package of Mesos or Marathon is to be had: programs stand in for them that refuse what they
 * refuse, look whether what they are given works, and find each other through ZooKeeper as they do.
 */

const root = resolve(import.meta.dirname, '../..');
const unix = 'unix:///var/run/docker.sock';
const cluster = 'standin';
const address = (at: number) => `127.0.57.${at}`;

beforeAll(() => haveImages('2025.1', 'zookeeper'));
afterEach(() => {
  const containers = list('ps', '--all', '--quiet', '--filter', `label=io.kollage.bootstrap=${cluster}`);
  if (containers.length > 0) docker('rm', '--force', ...containers);
  const volumes = list('volume', 'ls', '--quiet', '--filter', `label=io.kollage.bootstrap=${cluster}`);
  if (volumes.length > 0) docker('volume', 'rm', ...volumes);
});

/** The images that stand in. */
function images(): string[] {
  const program = readFileSync(join(import.meta.dirname, 'bootstrap/stand_in.py'), 'utf8');
  const library = readFileSync(join(root, 'images/start/store_zookeeper_client.py'), 'utf8');
  const image = (name: string, path: string) =>
    derivedImage(
      'kollage/base:2025.1',
      `kollage-test/${name}:1`,
      { [path]: program, 'opt/stand-in/store_zookeeper_client.py': library },
      `/${path}`,
    );
  return [
    `--master-image=${image('mesos-master', 'usr/bin/mesos-master')}`,
    `--agent-image=${image('mesos-agent', 'usr/bin/mesos-agent')}`,
    `--marathon-image=${image('marathon', 'marathon/bin/marathon')}`,
  ];
}

interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

function bootstrap(words: readonly string[], path = ''): Promise<Ended> {
  const { promise, resolve } = Promise.withResolvers<Ended>();
  const env = { ...process.env, PATH: `${path}:${process.env['PATH']}` };
  const all = ['bootstrap', 'mesos', '--name', cluster, ...words];
  execFile(join(root, 'kollage'), all, { env }, (error, out, err) =>
    resolve({ code: error === null ? 0 : Number(error.code ?? -1), out, err }),
  );
  return promise;
}

function docker(...words: string[]): string {
  return execFileSync('docker', words, { encoding: 'utf8' }).trim();
}

function list(...words: string[]): string[] {
  return docker(...words)
    .split('\n')
    .filter(Boolean);
}

/** Containers of the cluster: id and when they were started, by name. */
function running(): Record<string, string> {
  const ids = list('ps', '--quiet', '--filter', `label=io.kollage.bootstrap=${cluster}`);
  const lines =
    ids.length === 0 ? [] : list('inspect', '--format', '{{.Name}} {{.Id}} {{.State.StartedAt}}', ...ids);
  return Object.fromEntries(
    lines.map((line) => {
      const [name = '', ...rest] = line.split(' ');
      return [name.replace(`/kollage-${cluster}-`, ''), rest.join(' ')];
    }),
  );
}

function client(...ats: number[]): ZooKeeperClient {
  const servers = ats.map((at) => ({ host: address(at), port: 2181 }));
  const made = new ZooKeeperClient({ servers, patience: 20_000 });
  onTestFinished(() => made.close());
  return made;
}

const json = async (url: string): Promise<unknown> => (await fetch(url)).json();

describe('all on one host', () => {
  const host = `one=${unix},address=${address(1)}`;

  test('comes up, stays as it is, is mended where it is not, and is taken away with or without its data', async () => {
    const words = [`--host=${host}`, ...images()];
    const first = await bootstrap(words);
    expect(first, first.err).toMatchObject({ code: 0 });
    for (const kind of ['zookeeper', 'master', 'agent', 'marathon']) {
      expect(first.out).toMatch(new RegExp(`^created +${kind} on one$`, 'm'));
      expect(first.out).toMatch(new RegExp(`^answers +${kind} on one  \\S*${address(1)}:\\d+$`, 'm'));
    }
    expect(first.out).toContain(
      `type: marathon\n  address: http://${address(1)}:8080\n  mesos: http://${address(1)}:5050\n  zookeeper: ${address(1)}:2181\n`,
    );
    expect(await json(`http://${address(1)}:5050/slaves`)).toMatchObject({
      slaves: [
        {
          hostname: 'one',
          active: true,
          attributes: { kollage_roles: 'controller/network/compute/storage' },
        },
      ],
    });
    // Whoever must find an agent by its name does.
    expect(await json(`http://${address(1)}:8080/stand-in/agents`)).toEqual({ one: address(1) });
    const before = running();
    expect(Object.keys(before).sort()).toEqual(['one-agent', 'one-marathon', 'one-master', 'one-zookeeper']);

    const again = await bootstrap(words);
    expect(again.out).toContain('was up already: nothing was changed');
    expect(running()).toEqual(before);

    await client(1).create('/kept', Buffer.from('data'), [anyone(permission.all)]);
    docker('rm', '--force', `kollage-${cluster}-one-zookeeper`);
    docker('stop', '--time', '1', `kollage-${cluster}-one-marathon`);
    const mended = await bootstrap(words);
    expect(mended.out.match(/^(created|started|replaced) .*$/gm)?.sort()).toEqual([
      'created   zookeeper on one',
      'started   marathon on one',
    ]);
    const after = running();
    expect(after['one-master']).toBe(before['one-master']);
    expect((await client(1).get('/kept'))?.data.toString()).toBe('data');

    const other = await bootstrap([`--host=${host},controller,compute`, ...words.slice(1)]);
    expect(other.out.match(/^(created|started|replaced) .*$/gm)).toEqual(['replaced  agent on one']);

    const kept = await bootstrap([`--host=${host}`, '--remove', '--keep-data', '--yes']);
    expect(kept, kept.err).toMatchObject({ code: 0 });
    expect(kept.out).toContain('its volumes are kept');
    expect(running()).toEqual({});
    expect(list('volume', 'ls', '--quiet', '--filter', `label=io.kollage.bootstrap=${cluster}`)).toHaveLength(
      3,
    );
    expect((await bootstrap(words)).code).toBe(0);
    expect((await client(1).get('/kept'))?.data.toString()).toBe('data');

    const refused = await bootstrap([`--host=${host}`, '--remove']);
    expect(refused.err).toMatch(/KLG-901.*nobody can answer/);
    expect(Object.keys(running())).toHaveLength(4);
    const since = (Date.now() / 1000).toFixed(3);
    const gone = await bootstrap([`--host=${host}`, '--remove', '--yes', '--json']);
    const events = gone.out
      .trim()
      .split('\n')
      .map((line): { what?: string } => JSON.parse(line));
    expect(events.map(({ what }) => what?.replace(`kollage-${cluster}-one-`, ''))).toEqual([
      'marathon',
      'agent',
      'master',
      'zookeeper',
      expect.stringMatching(/^volume /),
      expect.stringMatching(/^volume /),
      expect.stringMatching(/^volume /),
    ]);
    // The agent was told to end its tasks (SIGUSR1), ended by itself, and was not started anew meanwhile.
    const happened = list(
      'events',
      ...['--since', since, '--until', (Date.now() / 1000).toFixed(3)],
      ...['--filter', `container=kollage-${cluster}-one-agent`],
      ...['--format', '{{.Action}} {{.Actor.Attributes.signal}} {{.Actor.Attributes.exitCode}}'],
    ).map((line) => line.replaceAll('<no value>', '-'));
    expect(happened.filter((line) => /^(kill|die|start|restart)/.test(line))).toEqual([
      'kill 10 -',
      'die - 0',
    ]);
    expect(list('ps', '--all', '--quiet', '--filter', `label=io.kollage.bootstrap=${cluster}`)).toEqual([]);
    expect(list('volume', 'ls', '--quiet', '--filter', `label=io.kollage.bootstrap=${cluster}`)).toEqual([]);
    expect((await bootstrap([`--host=${host}`, '--remove', '--yes'])).out).toContain('There is nothing of');
  });

  test('through ssh, as the person has it set up', async () => {
    const folder = folderWith({
      ssh: `#!/bin/sh\necho "$*" >> "$(dirname "$0")/asked"\nfor last; do :; done\nexec $last\n`,
    });
    chmodSync(join(folder, 'ssh'), 0o755);
    const words = [`--host=one=ssh://me@box:2222,address=${address(1)}`, ...images()];
    const up = await bootstrap(words, folder);
    expect(up, up.err).toMatchObject({ code: 0 });
    expect(readFileSync(join(folder, 'asked'), 'utf8')).toMatch(
      /^-T -o BatchMode=yes -o ConnectTimeout=15 -l me -p 2222 -- box docker system dial-stdio$/m,
    );
    writeFileSync(
      join(folder, 'ssh'),
      '#!/bin/sh\necho "me@box: Permission denied (publickey)." >&2\nexit 255\n',
    );
    const denied = await bootstrap(words, folder);
    expect(denied.err).toMatch(
      /KLG-501\D.*one: Docker does not answer: ssh: me@box: Permission denied \(publickey\)\./,
    );
    expect(denied.code).toBe(1);
  });
});

test('three controllers and a host for computing: one ensemble, one leader whom all find, and a server that falls is missed by nobody', async () => {
  const hosts = [
    ...[1, 2, 3].map((at) => `c${at}=${unix},controller,address=${address(at)}`),
    `n1=${unix},compute,address=${address(4)}`,
  ].map((host) => `--host=${host}`);
  const words = [...hosts, ...images()];
  const up = await bootstrap(words);
  expect(up, up.err).toMatchObject({ code: 0 });
  expect(Object.keys(running())).toHaveLength(3 * 4 + 1);
  const attributes = { c1: 'controller', c2: 'controller', c3: 'controller', n1: 'compute' };
  // Whichever of them is asked.
  for (const at of [1, 2, 3]) {
    expect(await json(`http://${address(at)}:5050/slaves`)).toMatchObject({ slaves: expect.any(Array) });
    expect(await json(`http://${address(at)}:8080/stand-in/agents`)).toEqual({
      c1: address(1),
      c2: address(2),
      c3: address(3),
      n1: address(4),
    });
  }
  const found = (await json(`http://${address(2)}:5050/slaves`)) as {
    slaves: { hostname: string; attributes: { kollage_roles: string } }[];
  };
  expect(Object.fromEntries(found.slaves.map((one) => [one.hostname, one.attributes.kollage_roles]))).toEqual(
    attributes,
  );
  const session = client(1, 2, 3);
  await session.create('/steady', Buffer.from('1'), [anyone(permission.all)]);
  docker('stop', '--time', '1', `kollage-${cluster}-c2-zookeeper`);
  await session.set('/steady', Buffer.from('2'));
  expect((await bootstrap(words)).out.match(/^(created|started|replaced) .*$/gm)).toEqual([
    'started   zookeeper on c2',
  ]);
  expect((await client(2).get('/steady'))?.data.toString()).toBe('2');
});

describe('what goes wrong is told', () => {
  const host = `--host=one=${unix},address=${address(1)}`;

  test('a part that does not answer, with its last lines, and what is up goes on from there', async () => {
    const broken = derivedImage(
      'kollage/base:2025.1',
      'kollage-test/broken:1',
      { 'usr/bin/mesos-master': '#!/bin/sh\necho "the registry is broken" >&2\nexit 3\n' },
      '/usr/bin/mesos-master',
    );
    const all = images();
    const { code, out, err } = await bootstrap([host, ...all, `--master-image=${broken}`, '--timeout=5s']);
    expect(code).toBe(1);
    expect(out).toMatch(/master on one \| the registry is broken/);
    expect(err).toMatch(
      /KLG-570\D.*master on one did not answer in 5 s: http:\/\/127\.0\.57\.1:5050\/health: .*its container ended with 3/,
    );
    expect(out).not.toContain('agent');
    const mended = await bootstrap([host, ...all]);
    expect(mended, mended.err).toMatchObject({ code: 0 });
    expect(mended.out.match(/^(created|started|replaced) .*$/gm)).toEqual([
      'replaced  master on one',
      expect.stringMatching(/^created {3}(agent|marathon) on one$/),
      expect.stringMatching(/^created {3}(agent|marathon) on one$/),
    ]);
  });

  test("somebody else's container, an image that is not there, a Docker that is not", async () => {
    const name = `kollage-${cluster}-one-zookeeper`;
    docker('create', '--name', name, 'kollage/base:2025.1');
    onTestFinished(() => void docker('rm', name));
    const taken = await bootstrap([host]);
    expect(taken.err).toMatch(/KLG-502\D.*one: there is a container kollage-standin-one-zookeeper already/);
    expect(docker('inspect', '--format', '{{.State.Status}}', name)).toBe('created');
    const missing = await bootstrap([
      `--host=two=${unix},address=${address(2)}`,
      '--zookeeper-image=127.0.0.1:1/none:1',
    ]);
    expect(missing.err).toMatch(/KLG-406\D.*two: the image 127\.0\.0\.1:1\/none:1 cannot be pulled/);
    const away = await bootstrap([`--host=three=tcp://127.0.0.1:1,address=${address(3)}`]);
    expect(away.err).toMatch(/KLG-501\D.*three: Docker does not answer/);
    expect(running()).toEqual({});
  });
});
