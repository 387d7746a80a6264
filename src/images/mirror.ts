import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Suite } from '../model/recipe.ts';

/** Where Debian's packages come from. */
export interface Mirror {
  readonly main: string;
  readonly security: string;
}

export const official: Mirror = {
  main: 'http://deb.debian.org/debian',
  security: 'http://deb.debian.org/debian-security',
};

/**
 * The mirror that this host's own apt uses, so that an image is built through the way out that the host has.
 * Debian's own address where the host is not Debian.
 * @param folder apt's configuration folder
 */
export async function hostMirror(folder = '/etc/apt'): Promise<Mirror> {
  const uris = (await sources(folder)).flatMap(debianUris);
  const security = uris.find((uri) => uri.endsWith('debian-security'));
  const main = uris.find((uri) => uri.endsWith('/debian'));
  return { main: main ?? official.main, security: security ?? official.security };
}

/** apt's sources of a suite, one line each. */
export function sourceLines(mirror: Mirror, suite: Suite): string {
  const options = '[signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]';
  const lines = [`deb ${options} ${mirror.main} ${suite.suite} main`];
  if (suite.updates) {
    lines.push(`deb ${options} ${mirror.main} ${suite.suite}-updates main`);
    lines.push(`deb ${options} ${mirror.security} ${suite.suite}-security main`);
  }
  return `${lines.join('\n')}\n`;
}

/** Proxy settings of this process, as shell lines that set them. */
export function proxyLines(env: NodeJS.ProcessEnv): string {
  return ['http_proxy', 'https_proxy', 'no_proxy']
    .flatMap((name) => {
      const value = env[name] ?? env[name.toUpperCase()];
      return value === undefined ? [] : [`export ${name}='${value.replaceAll("'", "'\\''")}'\n`];
    })
    .join('');
}

async function sources(folder: string): Promise<string[]> {
  const more = (await readdir(join(folder, 'sources.list.d')).catch(() => []))
    .filter((name) => name.endsWith('.list') || name.endsWith('.sources'))
    .sort()
    .map((name) => join('sources.list.d', name));
  return Promise.all(
    ['sources.list', ...more].map((name) => readFile(join(folder, name), 'utf8').catch(() => '')),
  );
}

/** The addresses in a sources file of either format that are named like Debian's archives. */
function debianUris(text: string): string[] {
  const lines = text.split('\n').filter((line) => /^(deb |URIs:)/.test(line));
  return lines
    .flatMap((line) => line.match(/[a-z]+:\/\/[^\s\]]+/g) ?? [])
    .map((uri) => uri.replace(/\/+$/, ''))
    .filter((uri) => /\/debian(-security)?$/.test(uri));
}
