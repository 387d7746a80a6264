import type Docker from 'dockerode';
import { z } from 'zod';
import { statusOf } from '../docker/errors.ts';
import { KollageError } from '../model/error.ts';
import { discard, exec, type Log, type Upload, upload } from './daemon.ts';
import { digest, type Versions } from './fingerprint.ts';
import { proxyLines, sourceLines } from './mirror.ts';
import { alive, owner, ownerLabel } from './owner.ts';
import { cachePath } from './paths.ts';
import { aptConfiguration } from './script.ts';
import { cacheVolume, type Workshop } from './workshop.ts';

/** What one image asks apt for, with everything that the images below it asked for. */
export interface Request {
  readonly packages: readonly string[];
  /** Packages of which only the files are wanted. */
  readonly unpack: readonly string[];
}

/** What the cache's volume holds before apt has run. The mirror's address stands here, and nowhere in an image. */
export function cacheFiles(shop: Workshop): Upload[] {
  return [
    { path: `${cachePath}/apt.conf`, content: aptConfiguration(shop.suite) },
    { path: `${cachePath}/sources.list`, content: sourceLines(shop.mirror, shop.suite) },
    { path: `${cachePath}/environment`, content: proxyLines(process.env) },
    ...['lists/partial', 'archives/partial', 'unpack', 'none/partial'].map((folder) => ({
      path: `${cachePath}/${folder}/.keep`,
      content: '',
    })),
  ];
}

/** What apt answered for the lists that `index` names, by request. */
const memory = z.object({ index: z.string(), known: z.record(z.string(), z.record(z.string(), z.string())) });

/** A running container with a suite's apt, which says what would be installed and downloads it. One for each suite at a time. */
export class Packages {
  readonly #shop: Workshop;
  readonly #container: Docker.Container;
  readonly #log: Log;
  #index = '';
  #known: Record<string, Versions> = {};
  #changed = false;

  private constructor(shop: Workshop, container: Docker.Container, log: Log) {
    this.#shop = shop;
    this.#container = container;
    this.#log = log;
  }

  /** @param waiting called when another build of this suite is at work and this one waits for its end */
  static async open(shop: Workshop, seed: string, log: Log, waiting: () => void): Promise<Packages> {
    const name = `kollage-packages-${shop.suite.suite}`;
    for (;;) {
      try {
        const container = await shop.containers.create({
          name,
          image: seed,
          command: ['sleep', 'infinity'],
          labels: { [ownerLabel]: owner() },
          binds: [`${cacheVolume(shop.suite)}:${cachePath}`],
          uploads: cacheFiles(shop),
          network: 'host',
        });
        await container.start();
        await shop.containers.sweep(shop.suite.suite);
        return new Packages(shop, container, log);
      } catch (error) {
        if (statusOf(error) !== 409) throw error;
        await leave(shop.docker.getContainer(name), waiting);
      }
    }
  }

  /**
   * Takes in the mirror's newest lists.
   * @returns whether the seed itself is older than the mirror
   * @throws KollageError KLG-303
   */
  async update(): Promise<{ stale: boolean }> {
    const update = await this.#sh('apt-get update -q && cat /mnt/lists/*Release | sha256sum');
    if (update.status !== 0) {
      throw new KollageError({
        code: 'KLG-303',
        message: `The package lists of Debian ${this.#shop.suite.suite} cannot be had: ${reason(this.#log)}`,
      });
    }
    this.#index = digest(update.output.split('\n').at(-2) ?? '');
    const known = await this.#sh(`cat ${cachePath}/resolved.json 2>/dev/null`);
    if (known.status === 0) this.#recall(known.output);
    if (Object.keys(this.#known).length > 0) return { stale: false };
    const upgrade = await this.#sh(`apt-get dist-upgrade -y --print-uris ${nothingYet}`);
    return { stale: Object.keys(parseUris(upgrade.output)).length > 0 };
  }

  /**
   * What apt would add to the seed for a request.
   * @throws KollageError KLG-304
   */
  async resolve(request: Request): Promise<Versions> {
    const key = digest(JSON.stringify([this.#index, request]));
    const known = this.#known[key];
    if (known) return known;
    const uris = [`apt-get install -y --print-uris ${nothingYet} ${request.packages.join(' ')}`];
    if (request.unpack.length > 0) uris.push(`apt-get download --print-uris ${request.unpack.join(' ')}`);
    const { status, output } = await this.#sh(uris.join(' && '));
    if (status !== 0) {
      throw new KollageError({
        code: 'KLG-304',
        message: `apt cannot install ${request.packages.join(' ')}: ${reason(this.#log)}`,
        next: `See the log: ${this.#log.path}`,
      });
    }
    const versions = parseUris(output);
    this.#known[key] = versions;
    this.#changed = true;
    return versions;
  }

  /** Downloads what a request needs into the cache. @throws KollageError KLG-303 */
  async fetch(request: Request): Promise<void> {
    const lines = [`apt-get install -y -q --download-only ${request.packages.join(' ')}`];
    for (const name of request.unpack) {
      lines.push(`cd ${cachePath}/unpack && rm -f ${name}_*.deb && apt-get download -q ${name}`);
    }
    const { status } = await this.#sh(lines.join(' && '));
    if (status !== 0) {
      throw new KollageError({
        code: 'KLG-303',
        message: `Packages could not be downloaded: ${reason(this.#log)}`,
        next: `See the log: ${this.#log.path}`,
      });
    }
  }

  /** Keeps what was resolved for the next build, drops packages that the mirror no longer has, and goes. */
  async close(): Promise<void> {
    if (this.#changed) {
      const content = JSON.stringify({ index: this.#index, known: this.#known });
      await upload(this.#container, [{ path: `${cachePath}/resolved.json`, content }]);
      await this.#sh('apt-get autoclean -q');
    }
    await this.#shop.containers.discard(this.#container);
  }

  #recall(record: string): void {
    const value = memory.safeParse(JSON.parse(record));
    if (value.success && value.data.index === this.#index) this.#known = value.data.known;
  }

  #sh(script: string): Promise<{ status: number; output: string }> {
    const start = `export APT_CONFIG=${cachePath}/apt.conf LC_ALL=C.UTF-8; . ${cachePath}/environment;`;
    return exec(this.#shop.docker, this.#container, ['/bin/sh', '-c', `${start} ${script}`], this.#log.line);
  }
}

/** Makes apt print every package, whether it was downloaded before or not. */
const nothingYet = `-o Dir::Cache::archives=${cachePath}/none`;

/** `'http://…' name_version_arch.deb size hash` lines to names and versions. */
export function parseUris(output: string): Versions {
  const versions: Record<string, string> = {};
  for (const line of output.split('\n')) {
    const match = line.match(/^'[^']*' ([^_ ]+)_([^_ ]+)_[^_ ]+\.deb /);
    if (match?.[1] && match[2]) versions[match[1]] = decodeURIComponent(match[2]);
  }
  return versions;
}

/** Waits until another build's container is gone; removes it when its process no longer lives. */
async function leave(container: Docker.Container, waiting: () => void): Promise<void> {
  try {
    const { Config: config, State: state } = await container.inspect();
    if (!state.Running || !alive(config.Labels[ownerLabel] ?? '')) {
      await discard(container);
      return;
    }
    waiting();
    await container.wait({ condition: 'removed' });
  } catch (error) {
    if (statusOf(error) !== 404) throw error;
  }
}

function reason(log: Log): string {
  const lines = log.last(20);
  return lines.findLast((line) => line.startsWith('E:')) ?? lines.at(-1) ?? 'no reason given';
}
