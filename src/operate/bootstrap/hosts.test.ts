import { expect, test } from 'vitest';
import { complaints } from '../../../test/support/folders.ts';
import { parseHosts } from './hosts.ts';
import { layout } from './layout.ts';

const images = { zookeeper: 'z', master: 'm', agent: 'a', marathon: 'n' };

test('no host is this one, as everything', () => {
  expect(parseHosts([])).toEqual([
    {
      name: 'localhost',
      docker: null,
      address: '127.0.0.1',
      roles: ['controller', 'network', 'compute', 'storage'],
    },
  ]);
});

test('hosts are reached by the others where their Docker is, unless another address is given', () => {
  expect(
    parseHosts([
      'c1=ssh://root@192.0.2.11:2222,controller,network',
      'n1=tcp://node1.example.org:2376,compute,address=192.0.2.21',
      'n2=unix:///run/docker.sock,compute,address=192.0.2.22',
    ]).map(({ name, docker, address, roles }) => [name, docker, address, roles.join()]),
  ).toEqual([
    ['c1', 'ssh://root@192.0.2.11:2222', '192.0.2.11', 'controller,network'],
    ['n1', 'tcp://node1.example.org:2376', '192.0.2.21', 'compute'],
    ['n2', 'unix:///run/docker.sock', '192.0.2.22', 'compute'],
  ]);
});

const tcp = (at: number) => `h${at}=tcp://192.0.2.${at}:2375,controller`;

test.each([
  [['x'], /the host x is not written as NAME=DOCKER/],
  [['X=unix:///s'], /name X must be/],
  [['a=docker.sock'], /docker\.sock is no address of Docker on a/],
  [['a=tcp://:1'], /no address of Docker/],
  [['a=tcp://h:99999'], /no address of Docker/],
  [['a=tcp://-oProxyCommand=x:1'], /no address of Docker/],
  [['a=ssh://-oProxyCommand=x'], /no address of Docker/],
  [['a=unix:///s,Controller'], /Controller is no role of a/],
  [['a=unix:///s,controller,'], /nothing is no role of a/],
  [['a=unix:///s,address=1.2.3.4,address=1.2.3.5'], /is no address of a/],
  [['a=unix:///s,address='], /is no address of a/],
  [['a=unix:///s,compute'], /no host has the role controller/],
  [[tcp(1), tcp(2)], /2 hosts have the role controller: it must be an odd number/],
  [[tcp(1), 'h1=tcp://192.0.2.2:2375,compute'], /two hosts have the name h1/],
  [[tcp(1), 'h2=ssh://192.0.2.1,compute'], /two hosts have the address 192\.0\.2\.1/],
  [[tcp(1), 'h2=tcp://192.0.2.2:2375'], /h2 has no role/],
  [[tcp(1), 'h2=unix:///s,compute'], /the other hosts cannot reach h2 at 127\.0\.0\.1/],
])('%j is refused', async (texts, why) => {
  expect(await complaints(() => parseHosts(texts))).toEqual([expect.stringMatching(why)]);
  expect(await complaints(() => parseHosts(texts))).toEqual([expect.stringMatching(/^KLG-901 /)]);
});

test('controllers have ZooKeeper, a master and Marathon, every host an agent; a majority is a quorum', () => {
  const hosts = parseHosts([tcp(1), tcp(2), tcp(3), 'n1=tcp://192.0.2.21:2375,compute,storage']);
  const parts = layout({ name: 'prod', hosts, images });
  const of = (kind: string) => parts.filter((part) => part.kind === kind);
  expect(of('zookeeper').map(({ command }) => command[0])).toEqual(['1', '2', '3']);
  expect(of('zookeeper')[0]?.command).toContain('server.3=192.0.2.3:2888:3888');
  expect(of('master').map(({ host }) => host.name)).toEqual(['h1', 'h2', 'h3']);
  expect(of('master')[0]?.command).toEqual(
    expect.arrayContaining(['--quorum=2', '--zk=zk://192.0.2.1:2181,192.0.2.2:2181,192.0.2.3:2181/mesos']),
  );
  expect(of('agent').map(({ command }) => command.find((word) => word.startsWith('--attributes')))).toEqual([
    ...Array.from({ length: 3 }, () => '--attributes=kollage_roles:controller'),
    '--attributes=kollage_roles:compute/storage',
  ]);
  expect(of('marathon')).toHaveLength(3);
  expect(of('marathon')[0]?.hosts).toContain('n1:192.0.2.21');
  // An agent takes containers of such names for its own, and ends them.
  expect(parts.filter(({ name }) => name.startsWith('mesos-'))).toEqual([]);
});

test("an agent offers the well-known ports, without the cluster's own and the kernel's", () => {
  const hosts = parseHosts([tcp(1), 'n1=tcp://192.0.2.21:2375,compute']);
  const [first, second] = layout({ name: 'prod', hosts, images })
    .filter(({ kind }) => kind === 'agent')
    .map(({ command }) => command.find((word) => word.startsWith('--resources=')));
  expect(first).toBe('--resources=ports:[1-2180,2182-2887,2889-3887,3889-5049,5052-8079,8081-32767]');
  expect(second).toBe('--resources=ports:[1-5050,5052-32767]');
});

test('one host has an ensemble of one, which needs no peers', () => {
  const [server] = layout({ name: 'mesos', hosts: parseHosts([]), images });
  expect(server?.command.filter((word) => word.startsWith('server.'))).toEqual([]);
});
