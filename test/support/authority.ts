import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** An authority of a test's own, and a server's key and certificate that it signed; all of it PEM. */
export interface Authority {
  readonly ca: string;
  readonly key: string;
  readonly cert: string;
}

/** Makes an authority, and a certificate for servers at an address. */
export function makeAuthority(address = '127.0.0.1'): Authority {
  const folder = mkdtempSync(join(tmpdir(), 'kollage-test-'));
  const make = (name: string, ...more: string[]) => {
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
    const out = ['-keyout', `${name}.key`, '-out', `${name}.pem`, '-days', '2', '-subj', `/CN=${name}`];
    execFileSync('openssl', ['req', '-x509', ...key, ...out, ...more], { cwd: folder, stdio: 'pipe' });
  };
  try {
    make('ca', '-addext', 'keyUsage=keyCertSign');
    const own = ['-addext', `subjectAltName=IP:${address}`, '-addext', 'basicConstraints=critical,CA:FALSE'];
    make('server', '-CA', 'ca.pem', '-CAkey', 'ca.key', ...own);
    const read = (name: string) => readFileSync(join(folder, name), 'utf8');
    return { ca: read('ca.pem'), key: read('server.key'), cert: read('server.pem') };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
