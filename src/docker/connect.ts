import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Docker from 'dockerode';
import { SshAgent } from './ssh.ts';

/** Whether a text is an address of Docker's: `unix:///PATH`, `tcp://HOST:PORT`, `ssh://[USER@]HOST[:PORT]`. */
export function isAddress(text: string): boolean {
  return parse(text) !== null;
}

/** The host that an address names; null for one on this host. */
export function hostOf(address: string): string | null {
  const parsed = parse(address);
  return parsed === null || parsed.type === 'unix' ? null : parsed.host;
}

/**
 * Docker at an address; where none is given, the one that DOCKER_HOST names, or this host's. Port 2376 is spoken to with TLS, with the files in DOCKER_CERT_PATH, as
 * Docker's own command line does.
 */
export function dockerAt(address: string | null): Docker {
  const parsed = address === null ? null : parse(address);
  if (parsed === null) return new Docker();
  switch (parsed.type) {
    // The empty name: what DOCKER_HOST says does not count.
    case 'unix':
      return new Docker({ host: '', protocol: 'http', socketPath: parsed.path });
    case 'ssh': {
      // The modem takes an agent, of which its types say nothing.
      const through: Docker.DockerOptions & { agent: SshAgent } = {
        host: parsed.host,
        port: 80,
        protocol: 'http',
        agent: new SshAgent(parsed),
      };
      return new Docker(through);
    }
    case 'tcp':
      return new Docker({
        host: parsed.host,
        port: parsed.port,
        ...(parsed.port === 2376 ? { protocol: 'https', ...certificates() } : { protocol: 'http' }),
      });
  }
}

function certificates(): { ca?: Buffer; cert?: Buffer; key?: Buffer } {
  const folder = process.env['DOCKER_CERT_PATH'];
  if (!folder) return {};
  const read = (name: string) => readFileSync(join(folder, name));
  return { ca: read('ca.pem'), cert: read('cert.pem'), key: read('key.pem') };
}

type Address =
  | { readonly type: 'unix'; readonly path: string }
  | { readonly type: 'tcp'; readonly host: string; readonly port: number }
  | {
      readonly type: 'ssh';
      readonly host: string;
      readonly user: string | null;
      readonly port: number | null;
    };

function parse(text: string): Address | null {
  const [, path] = /^unix:\/\/(\/[^\s,]+)$/.exec(text) ?? [];
  if (path !== undefined) return { type: 'unix', path };
  const [, type, user = null, host, port] =
    /^(tcp|ssh):\/\/(?:([A-Za-z0-9._][A-Za-z0-9._-]*)@)?([A-Za-z0-9][A-Za-z0-9.-]*)(?::(\d{1,5}))?\/?$/.exec(
      text,
    ) ?? [];
  if (host === undefined || Number(port ?? 1) > 65_535) return null;
  if (type === 'ssh') return { type, host, user, port: port === undefined ? null : Number(port) };
  return user === null ? { type: 'tcp', host, port: Number(port ?? 2375) } : null;
}
