import { spawn } from 'node:child_process';
import { Agent } from 'node:http';
import { Duplex } from 'node:stream';

/** Where to log in. What is not said, ssh's own configuration says. */
export interface SshTarget {
  readonly host: string;
  readonly user: string | null;
  readonly port: number | null;
}

/**
 * Connections to Docker on another host, each through a login of its own with the `ssh` of this one, as Docker's own command line does it: keys, known hosts and
 * jumps are as the person has them, and nobody is asked for a password.
 */
export class SshAgent extends Agent {
  readonly #words: readonly string[];

  constructor({ host, user, port }: SshTarget) {
    super();
    this.#words = [
      '-T',
      '-o',
      'BatchMode=yes',
      '-o',
      'ConnectTimeout=15',
      ...(user === null ? [] : ['-l', user]),
      ...(port === null ? [] : ['-p', String(port)]),
      '--',
      host,
      'docker system dial-stdio',
    ];
  }

  override createConnection(): Duplex {
    const { stdin, stdout, stderr, ...child } = start(this.#words);
    let said = '';
    stderr.on('data', (piece) => {
      said = `${said}${String(piece)}`.slice(-2000);
    });
    const link = new Duplex({
      read: () => void stdout.resume(),
      write: (chunk, encoding, done) => void stdin.write(chunk, encoding, () => done()),
      final: (done) => void stdin.end(() => done()),
      destroy: (error, done) => {
        child.kill();
        done(error);
      },
    });
    stdout.on('data', (piece) => {
      if (!link.push(piece)) stdout.pause();
    });
    // That nobody reads any more is told by how ssh ends, which says why.
    stdin.on('error', () => undefined);
    child.ended((why) => {
      if (why === 0) link.push(null);
      else link.destroy(new Error(`ssh: ${said.trim().split('\n').at(-1) || why}`));
    });
    return Object.assign(link, stubs);
  }
}

function start(words: readonly string[]) {
  const child = spawn('ssh', words, { stdio: ['pipe', 'pipe', 'pipe'] });
  return {
    stdin: child.stdin,
    stdout: child.stdout,
    stderr: child.stderr,
    kill: () => child.kill(),
    ended: (told: (why: 0 | string) => void) => {
      child.on('error', (error) => told(error.message));
      child.on('close', (code) => told(code === 0 ? 0 : `it ended with ${code}`));
    },
  };
}

/** What a client of HTTP asks of a socket, and means nothing here. */
const stubs = {
  setKeepAlive: () => undefined,
  setNoDelay: () => undefined,
  setTimeout: () => undefined,
  ref: () => undefined,
  unref: () => undefined,
};
