import type Docker from 'dockerode';
import { text } from '../docker/errors.ts';
import { credentials, finished, pull } from '../docker/registry.ts';
import { KollageError } from '../model/error.ts';
import type { Chosen } from './choose.ts';
import { inspectImage } from './daemon.ts';
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
  for (const image of images) {
    const started = performance.now();
    const reference = `${registry}/${image.image}:${release}`;
    await moved(reference, () => pull(docker, reference));
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
