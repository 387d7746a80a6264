import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type Docker from 'dockerode';
import { z } from 'zod';
import { text } from '../docker/errors.ts';
import { KollageError } from '../model/error.ts';
import type { Chosen } from './choose.ts';
import { finished, inspectImage } from './daemon.ts';
import { labels } from './metadata.ts';
import { namesOf, referenceOf, tagAll } from './names.ts';

/** One image went to a registry, or came from it. */
export interface Transferred {
  readonly reference: string;
  readonly seconds: number;
}

/**
 * Pushes images under all their names as REGISTRY/NAME:RELEASE, one after the other: they share most of their layers.
 * @param registry host, optional port and namespace: `registry.example.org/kollage`
 * @throws KollageError KLG-306 for one that is not built, KLG-309 for one that does not go through
 */
export async function* pushImages(
  docker: Docker,
  images: readonly Chosen[],
  release: string,
  registry: string,
): AsyncGenerator<Transferred> {
  const auth = await credentials(registry);
  for (const image of images) {
    for (const name of namesOf(image.recipe)) {
      const local = referenceOf(name, release);
      if (!(await inspectImage(docker, local))) {
        throw new KollageError({
          code: 'KLG-306',
          message: `${local} is not built`,
          next: `Build it first: kollage images build ${image.image} --release ${release}`,
        });
      }
      const started = performance.now();
      const remote = `${registry}/${name}`;
      await docker.getImage(local).tag({ repo: remote, tag: release });
      const reference = `${remote}:${release}`;
      await moved(reference, async () => {
        const stream = await docker.getImage(reference).push({ authconfig: auth });
        await finished(docker, stream);
      });
      yield { reference, seconds: (performance.now() - started) / 1000 };
    }
  }
}

/** Pulls images that `pushImages` pushed, and gives them the names that a build here would have given. Throws KLG-309. */
export async function* pullImages(
  docker: Docker,
  images: readonly Chosen[],
  release: string,
  registry: string,
): AsyncGenerator<Transferred> {
  const auth = await credentials(registry);
  for (const image of images) {
    const started = performance.now();
    const reference = `${registry}/${image.image}:${release}`;
    await moved(reference, async () => {
      await finished(docker, await docker.pull(reference, { authconfig: auth }));
    });
    const fingerprint = (await inspectImage(docker, reference))?.Config.Labels?.[labels.recipe] ?? 'pulled';
    await docker
      .getImage(reference)
      .tag({ repo: `kollage/${image.image}`, tag: `${release}-${fingerprint}` });
    await tagAll(docker, image.recipe, release, fingerprint);
    yield { reference, seconds: (performance.now() - started) / 1000 };
  }
}

async function moved(reference: string, move: () => Promise<void>): Promise<void> {
  try {
    await move();
  } catch (cause) {
    throw new KollageError({ code: 'KLG-309', message: `${reference}: ${text(cause)}` }, { cause });
  }
}

const dockerConfig = z.object({
  auths: z.record(z.string(), z.object({ auth: z.string().optional() })).default({}),
});

/**
 * What `docker login` wrote down for a registry; empty where it keeps passwords in a helper program, and never nothing: Docker 20.10
 * refuses to push without the header that this becomes.
 */
async function credentials(
  registry: string,
): Promise<{ username: string; password: string; serveraddress: string }> {
  const host = registry.split('/')[0] ?? registry;
  const folder = process.env['DOCKER_CONFIG'] ?? join(homedir(), '.docker');
  const file = await readFile(join(folder, 'config.json'), 'utf8').catch(() => '{}');
  const config = dockerConfig.safeParse(JSON.parse(file));
  const auth = config.success ? config.data.auths[host]?.auth : undefined;
  const [username = '', ...password] = Buffer.from(auth ?? '', 'base64')
    .toString()
    .split(':');
  return { username, password: password.join(':'), serveraddress: host };
}
