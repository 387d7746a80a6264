import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { text } from '../docker/errors.ts';
import { KollageError } from '../model/error.ts';
import { importTar, inspectImage, type Log, runToEnd } from './daemon.ts';
import { owner, ownerLabel } from './owner.ts';
import { cacheFiles } from './packages.ts';
import { cachePath } from './paths.ts';
import { prelude } from './script.ts';
import { cacheVolume, interrupted, type Workshop } from './workshop.ts';

/** The image that a suite's images begin with: the smallest Debian that has apt. */
export function seedReference(suite: string): string {
  return `kollage/debian:${suite}`;
}

/**
 * Makes sure that a suite's seed is there. Only unpacking happens on this host (debootstrap, as root or under fakeroot); everything
 * that runs is run in a container. With `from`, that image is taken instead and debootstrap is not needed.
 * @throws KollageError KLG-301 when there is nothing to start from
 */
export async function ensureSeed(shop: Workshop, from: string | undefined, log: Log): Promise<string> {
  const reference = seedReference(shop.suite.suite);
  if (await inspectImage(shop.docker, reference)) return reference;
  if (from === undefined) {
    const unpacked = `kollage/debian:${shop.suite.suite}-unpacked`;
    await unpack(shop, unpacked, log);
    try {
      await settle(shop, unpacked, secondStage, log);
    } finally {
      await shop.docker.getImage(unpacked).remove({ force: true });
    }
  } else {
    await settle(shop, from, [], log);
  }
  return reference;
}

/** Second half of debootstrap, in a container. What went wrong in it stands in its own log only. */
const secondStage = [
  '/debootstrap/debootstrap --second-stage || { tail -n 20 /debootstrap/debootstrap.log; exit 1; }',
  'rm -rf /debootstrap',
];

/** Brings a seed up to date with the mirror, and makes one layer of it. */
export async function refreshSeed(shop: Workshop, log: Log): Promise<void> {
  await settle(shop, seedReference(shop.suite.suite), [], log);
}

/** First half of debootstrap on this host: packages are downloaded and unpacked, none of their scripts run. */
async function unpack(shop: Workshop, reference: string, log: Log): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'kollage-debian-'));
  const fake = process.getuid?.() === 0 ? [] : ['fakeroot'];
  // The folders that the engine mounts something on are its own to make; debootstrap may have put links there.
  const shell =
    'debootstrap --foreign --force-check-gpg --variant=minbase "$1" "$2" "$3" >&2 && tar -C "$2" --exclude=./dev --exclude=./proc --exclude=./sys -c .';
  const [program = 'sh', ...rest] = [
    ...fake,
    'sh',
    '-c',
    shell,
    'sh',
    shop.suite.suite,
    join(folder, 'root'),
    shop.mirror.main,
  ];
  try {
    const child = spawn(program, rest, { stdio: ['ignore', 'pipe', 'pipe'], signal: shop.signal });
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => log.line(chunk.trimEnd()));
    const ended = new Promise<number | null>((resolve, reject) => {
      child.on('error', reject);
      child.on('close', resolve);
    });
    const [status] = await Promise.all([ended, importTar(shop.docker, child.stdout, reference)]);
    if (status !== 0) throw new Error(log.last(1)[0] ?? `debootstrap ended with status ${status}`);
  } catch (cause) {
    if (shop.signal.aborted) throw interrupted();
    throw new KollageError(
      {
        code: 'KLG-301',
        message: `Debian ${shop.suite.suite} could not be set up: ${text(cause)}`,
        next: `Install debootstrap and debian-archive-keyring (and fakeroot when not root), or give a Debian ${shop.suite.suite} image with --base. Log: ${log.path}`,
      },
      { cause },
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Runs lines in an image, takes the newest packages in, and keeps the file system as one layer. */
async function settle(shop: Workshop, image: string, lines: readonly string[], log: Log): Promise<void> {
  const script = [
    ...prelude,
    "printf 'force-unsafe-io\\n' > /etc/dpkg/dpkg.cfg.d/unsafe",
    ...lines,
    'apt-get update',
    'apt-get dist-upgrade -y',
    'apt-get clean',
    'rm -rf /etc/dpkg/dpkg.cfg.d/unsafe /var/cache/apt /var/lib/apt/lists /var/log/*.log /var/log/apt /tmp/*',
    'install -d /var/cache/apt/archives/partial /var/lib/apt/lists/partial',
  ];
  const container = await shop.containers.create({
    image,
    command: ['/bin/sh', '-c', script.join('\n')],
    binds: [`${cacheVolume(shop.suite)}:${cachePath}`],
    uploads: cacheFiles(shop),
    network: 'host',
    labels: { [ownerLabel]: owner() },
    // Podman mounts an /etc/passwd of its own for a user that is named and not in the image's, which has none yet.
    user: '',
  });
  try {
    const status = await runToEnd(shop.docker, container, log.line);
    if (shop.signal.aborted) throw interrupted();
    if (status !== 0) {
      throw new KollageError({
        code: 'KLG-301',
        message: `Debian ${shop.suite.suite} could not be set up: ${log.last(1)[0] ?? `status ${status}`}`,
        next: `See the log: ${log.path}`,
      });
    }
    const tar = await container.export();
    await importTar(shop.docker, new Readable().wrap(tar), seedReference(shop.suite.suite));
  } finally {
    await shop.containers.discard(container);
  }
}
