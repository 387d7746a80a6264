import { hostOf, isAddress } from '../../docker/connect.ts';
import { KollageError } from '../../model/error.ts';

/** A machine that is to become part of a cluster. */
export interface Host {
  /** As kollage.yaml names the node. */
  readonly name: string;
  /** Where its Docker answers; null for the one that Docker's command line would take. */
  readonly docker: string | null;
  /** Under which the other hosts reach it. */
  readonly address: string;
  /** What its agent has as its attribute. */
  readonly roles: readonly string[];
}

/** Hosts with this role have ZooKeeper, a master and Marathon. */
export const controller = 'controller';

/** What one host alone is. */
const everything = [controller, 'network', 'compute', 'storage'];

/**
 * Hosts as the command line names them: `NAME=DOCKER[,ROLE…][,address=ADDRESS]`. None: this host is all there is. KLG-901 for what is none, and for hosts that
 * cannot be one cluster.
 */
export function parseHosts(texts: readonly string[]): Host[] {
  if (texts.length === 0)
    return [{ name: 'localhost', docker: null, address: '127.0.0.1', roles: everything }];
  const hosts = texts.map((text) => parseHost(text, texts.length === 1));
  const controllers = hosts.filter(({ roles }) => roles.includes(controller)).length;
  refuseTwice('name', hosts, ({ name }) => name);
  refuseTwice('address', hosts, ({ address }) => address);
  if (controllers === 0) throw wrong(`no host has the role ${controller}`);
  if (controllers % 2 === 0)
    throw wrong(
      `${controllers} hosts have the role ${controller}: it must be an odd number, for more than half of them must be there`,
    );
  const alone = hosts.filter(({ address }) => isLoopback(address));
  const [first] = alone;
  if (first && alone.length < hosts.length)
    throw wrong(`the other hosts cannot reach ${first.name} at ${first.address}`, `Give it \`address=…\`.`);
  return hosts;
}

function parseHost(text: string, isOnly: boolean): Host {
  const [, name, docker = '', rest = ''] = /^([^=]*)=([^,]*)(?:,(.*))?$/.exec(text) ?? [];
  if (name === undefined)
    throw wrong(
      `the host ${text} is not written as NAME=DOCKER[,ROLE…]`,
      'Such as c1=ssh://root@192.0.2.11,controller.',
    );
  if (!/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(name))
    throw wrong(`the host's name ${name} must be lower-case letters, digits and -, at most 63`);
  if (!isAddress(docker))
    throw wrong(
      `${docker || 'nothing'} is no address of Docker on ${name}`,
      'Such as unix:///var/run/docker.sock, tcp://192.0.2.11:2376 or ssh://root@192.0.2.11.',
    );
  const words = rest === '' ? [] : rest.split(',');
  const named = words
    .filter((word) => word.startsWith('address='))
    .map((word) => word.slice('address='.length));
  const roles = words.filter((word) => !word.startsWith('address='));
  const odd = roles.find((role) => !/^[a-z][-a-z0-9]*$/.test(role));
  if (odd !== undefined) throw wrong(`${odd || 'nothing'} is no role of ${name}`);
  const address = named[0] ?? hostOf(docker) ?? '127.0.0.1';
  if (named.length > 1 || !/^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$/.test(address))
    throw wrong(`${named.join(',')} is no address of ${name}`);
  if (roles.length === 0 && !isOnly) throw wrong(`${name} has no role`, 'Such as controller or compute.');
  return { name, docker, address, roles: roles.length === 0 ? everything : [...new Set(roles)] };
}

function isLoopback(address: string): boolean {
  return address === 'localhost' || address.startsWith('127.');
}

function refuseTwice(what: string, hosts: readonly Host[], of: (host: Host) => string): void {
  const values = hosts.map(of);
  const twice = values.find((value, at) => values.indexOf(value) !== at);
  if (twice !== undefined) throw wrong(`two hosts have the ${what} ${twice}`);
}

function wrong(message: string, next?: string): KollageError {
  return new KollageError({ code: 'KLG-901', message, ...(next !== undefined && { next }) });
}
