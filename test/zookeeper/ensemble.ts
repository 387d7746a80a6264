import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Server } from '../../src/zookeeper/connection.ts';

/** Why no ZooKeeper can be had here; null when it can. */
export function whyNot(): string | null {
  if (process.platform !== 'linux') return 'it needs Linux';
  if (existsSync(jars())) return null;
  if (!has('apt-get')) return "it needs Debian's packages (apt-get)";
  return has('java') || process.getuid?.() === 0 ? null : 'only root can install Java';
}

/** Milliseconds. Sessions live for 2 to 20 of them (apache/zookeeper, ZooKeeperServer.java). */
const tick = 200;

const parts =
  'zookeeper zookeeper-jute slf4j-api slf4j-simple netty-all netty-handler netty-transport netty-buffer netty-common metrics-core snappy-java commons-cli commons-io';

/** One real server, for its clients on one address of this host. */
class Member {
  readonly client: Server;
  readonly #folder: string;
  #process: ChildProcess | null = null;

  constructor(folder: string, client: Server) {
    this.#folder = folder;
    this.client = client;
  }

  start(): void {
    const classes = parts
      .split(' ')
      .map((name) => join(jars(), `${name}.jar`))
      .filter((file) => existsSync(file))
      .join(':');
    const java = [
      '-Xmx96m',
      '-XX:+UseSerialGC',
      '-XX:TieredStopAtLevel=1',
      '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
    ];
    const main = ['org.apache.zookeeper.server.quorum.QuorumPeerMain', join(this.#folder, 'zoo.cfg')];
    // It ends with us, however we end (setpriv(1)).
    const words = ['--pdeathsig', 'KILL', 'java', ...java, '-cp', classes, ...main];
    this.#process = spawn('setpriv', words, { stdio: ['ignore', 'ignore', 'pipe'] });
    this.#process.stderr?.pipe(createWriteStream(join(this.#folder, 'log'), { flags: 'a' }));
  }

  /** As when its machine loses its power. */
  async kill(): Promise<void> {
    const process = this.#process;
    this.#process = null;
    if (process === null || process.exitCode !== null || process.signalCode !== null) return;
    const ended = once(process, 'exit');
    process.kill('SIGKILL');
    await ended;
  }

  /** `leader`, `follower` or `standalone`; null while it serves nobody. */
  async mode(): Promise<string | null> {
    const said = await ask(this.client, 'srvr');
    return /^Mode: (\w+)/m.exec(said)?.[1] ?? null;
  }
}

export interface Ensemble extends AsyncDisposable {
  readonly members: readonly Member[];
  readonly servers: readonly Server[];
  leader(): Promise<Member>;
}

/** A real ensemble of so many servers, which has elected its leader. `host`: the address on which clients find it. */
export async function startEnsemble(size: number, host = '127.0.0.1'): Promise<Ensemble> {
  execFileSync(join(import.meta.dirname, 'fetch'), [jars()], { stdio: ['ignore', 2, 2] });
  const folder = mkdtempSync(join(tmpdir(), 'kollage-zookeeper-'));
  const ports = await freePorts(size * 3);
  const of = (member: number, which: number) => ports[member * 3 + which] ?? 0;
  const peers = Array.from(
    { length: size },
    (_, at) => `server.${at + 1}=127.0.0.1:${of(at, 1)}:${of(at, 2)}`,
  );
  const members = Array.from({ length: size }, (_, at) => {
    const own = join(folder, String(at + 1));
    mkdirSync(own);
    writeFileSync(join(own, 'myid'), `${at + 1}\n`);
    const settings = {
      tickTime: tick,
      initLimit: 50,
      syncLimit: 15,
      dataDir: own,
      clientPort: of(at, 0),
      clientPortAddress: host,
      maxClientCnxns: 0,
      'admin.enableServer': false,
      '4lw.commands.whitelist': 'srvr',
    };
    const lines = Object.entries(settings).map(([key, value]) => `${key}=${value}`);
    writeFileSync(join(own, 'zoo.cfg'), `${[...lines, ...(size > 1 ? peers : [])].join('\n')}\n`);
    return new Member(own, { host, port: of(at, 0) });
  });
  for (const member of members) member.start();
  const ensemble: Ensemble = {
    members,
    servers: members.map(({ client }) => client),
    async leader() {
      for (;;) {
        for (const member of members)
          if (['leader', 'standalone'].includes((await member.mode()) ?? '')) return member;
        await pause(50);
      }
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(members.map((member) => member.kill()));
      rmSync(folder, { recursive: true, force: true });
    },
  };
  await ensemble.leader();
  return ensemble;
}

/** What a server answers to one of its commands of four letters; nothing when it does not listen. */
async function ask({ host, port }: Server, word: string): Promise<string> {
  const socket = connect(port, host);
  let said = '';
  socket.setTimeout(2000, () => socket.destroy());
  socket.on('data', (piece) => {
    said += String(piece);
  });
  socket.on('error', () => undefined);
  socket.end(word);
  await once(socket, 'close').catch(() => undefined);
  return said;
}

async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer().listen(0, '127.0.0.1');
      await once(server, 'listening');
      return server;
    }),
  );
  return servers.map((server) => {
    const address = server.address();
    server.close();
    return typeof address === 'object' && address !== null ? address.port : 0;
  });
}

function jars(): string {
  return join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'kollage', 'zookeeper');
}

function has(program: string): boolean {
  return (process.env['PATH'] ?? '').split(':').some((folder) => existsSync(join(folder, program)));
}
