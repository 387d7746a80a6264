import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type Docker from 'dockerode';
import { text } from '../docker/errors.ts';
import { KollageError } from '../model/error.ts';
import { Limit } from '../model/limit.ts';
import { ensureSeed, refreshSeed, seedReference } from './bootstrap.ts';
import { type Chosen, chain, choose, suiteOf } from './choose.ts';
import { commit, describe, inspectImage, Log, runToEnd, type Upload } from './daemon.ts';
import type { Emit } from './events.ts';
import { fingerprint, type Versions } from './fingerprint.ts';
import { metadata } from './metadata.ts';
import { hostMirror } from './mirror.ts';
import { referenceOf, tagAll } from './names.ts';
import { buildPrefix } from './owner.ts';
import { Packages, type Request } from './packages.ts';
import { cachePath, workPath } from './paths.ts';
import type { Recipes } from './recipes.ts';
import { installScript, stepMark } from './script.ts';
import { uploadsOf } from './uploads.ts';
import { Containers, cacheVolume, interrupted, type Workshop } from './workshop.ts';

export interface BuildOptions {
  readonly recipes: Recipes;
  readonly release: string;
  /** Images to build, with those they are built on; all when empty. */
  readonly names: readonly string[];
  /** The folder of what runs inside containers (images/). */
  readonly imagesFolder: string;
  /** Where the logs go, one file for each image. */
  readonly logFolder: string;
  /** An image to begin with instead of debootstrap. */
  readonly base?: string | undefined;
  /** How many images are made at the same time. */
  readonly atOnce?: number;
  /** Build images that are there already. */
  readonly force?: boolean;
  readonly signal: AbortSignal;
  readonly emit: Emit;
}

/** How a build ended, by image. */
export interface BuildResult {
  readonly built: readonly string[];
  readonly present: readonly string[];
  readonly failed: readonly { readonly image: string; readonly error: KollageError }[];
  readonly skipped: readonly string[];
}

/** What is known of one image before it is made. */
interface Prepared {
  readonly fingerprint: string;
  readonly versions: Versions;
  readonly uploads: readonly Upload[];
  readonly present: boolean;
}

type Outcome = 'built' | 'present' | 'failed' | 'skipped';

/**
 * Builds images in the order of what they are built on, several at once. What is there already, from the same recipe and the
 * same versions of packages, is left alone. An image that cannot be built does not hold up those that are not built on it.
 * @throws KollageError for what concerns all images (KLG-301, 302, 303, 306, 307) and KLG-308 when stopped
 */
export async function buildImages(docker: Docker, options: BuildOptions): Promise<BuildResult> {
  const images = choose(options.recipes, options.release, options.names);
  const started = performance.now();
  options.emit({ type: 'begin', release: options.release, images: images.map((image) => image.image) });
  await mkdir(options.logFolder, { recursive: true });
  const shop: Workshop = {
    docker,
    release: options.release,
    suite: suiteOf(options.recipes, options.release),
    mirror: await hostMirror(),
    containers: new Containers(docker, options.signal),
    signal: options.signal,
  };
  const stop = () => void shop.containers.discardAll();
  options.signal.addEventListener('abort', stop);
  try {
    const result = await new Build(shop, options, images).run();
    options.emit({
      type: 'end',
      seconds: (performance.now() - started) / 1000,
      built: result.built.length,
      present: result.present.length,
      failed: result.failed.length,
      skipped: result.skipped.length,
    });
    return result;
  } catch (error) {
    throw options.signal.aborted ? interrupted() : error;
  } finally {
    options.signal.removeEventListener('abort', stop);
    await shop.containers.discardAll();
  }
}

/** One run of the builder. */
class Build {
  readonly #shop: Workshop;
  readonly #options: BuildOptions;
  readonly #images: readonly Chosen[];
  readonly #prepared = new Map<string, Promise<Prepared>>();
  readonly #outcomes = new Map<string, Promise<Outcome>>();
  readonly #failures: { image: string; error: KollageError }[] = [];
  readonly #making: Limit;
  /** apt downloads for one image at a time. */
  readonly #asking = new Limit(1);

  constructor(shop: Workshop, options: BuildOptions, images: readonly Chosen[]) {
    this.#shop = shop;
    this.#options = options;
    this.#images = images;
    this.#making = new Limit(options.atOnce ?? 2);
  }

  async run(): Promise<BuildResult> {
    const log = new Log(join(this.#options.logFolder, 'packages.log'));
    const first = this.#images[0]?.image ?? '';
    let packages: Packages | undefined;
    try {
      this.#options.emit({ type: 'step', image: first, step: 'bootstrap' });
      packages = await this.#open(first, log);
      const apt = packages;
      for (const image of this.#images) {
        const prepared = this.#prepare(image, apt);
        // Whoever waits for it is told; an image that is skipped does not wait.
        prepared.catch(() => undefined);
        this.#prepared.set(image.image, prepared);
        this.#outcomes.set(image.image, this.#outcome(image));
      }
      const outcomes = await this.#settled();
      if (this.#shop.signal.aborted) throw interrupted();
      await packages.close();
      const of = (wanted: Outcome) =>
        outcomes.flatMap(([image, outcome]) => (outcome === wanted ? [image] : []));
      return { built: of('built'), present: of('present'), failed: this.#failures, skipped: of('skipped') };
    } finally {
      await log.close();
    }
  }

  async #settled(): Promise<[string, Outcome][]> {
    return Promise.all(
      [...this.#outcomes].map(async ([image, outcome]): Promise<[string, Outcome]> => [image, await outcome]),
    );
  }

  /** The container with apt, after the seed was made, or renewed when it is older than the mirror. */
  async #open(first: string, log: Log): Promise<Packages> {
    const { emit, release, base } = this.#options;
    const seed = await ensureSeed(this.#shop, base, log);
    const open = () => Packages.open(this.#shop, seed, log, () => emit({ type: 'waiting', release }));
    const packages = await open();
    emit({ type: 'step', image: first, step: 'index' });
    const { stale } = await packages.update();
    if (!stale) return packages;
    await packages.close();
    await refreshSeed(this.#shop, log);
    const again = await open();
    await again.update();
    return again;
  }

  /** Finds out what an image is made of, and downloads it unless the image is there. */
  async #prepare(image: Chosen, apt: Packages): Promise<Prepared> {
    const parent = image.parent && (await this.#prepared.get(image.parent.image));
    const uploads = await uploadsOf(image, this.#options.imagesFolder);
    const request = requestOf(image);
    const weight = this.#awaited(image) ? 2 : 0;
    const all = await this.#asking.run(weight, () => {
      this.#step(image, 'resolve');
      return apt.resolve(request);
    });
    const below = parent?.versions ?? {};
    const own = Object.fromEntries(Object.entries(all).filter(([name, version]) => below[name] !== version));
    const hash = fingerprint(image, parent?.fingerprint, uploads, own);
    const there = await inspectImage(
      this.#shop.docker,
      referenceOf(image.image, this.#options.release, hash),
    );
    const present = there !== undefined && this.#options.force !== true;
    if (!present) {
      await this.#asking.run(weight + 1, () => {
        this.#step(image, 'fetch');
        return apt.fetch(request);
      });
    }
    return { fingerprint: hash, versions: all, uploads, present };
  }

  async #outcome(image: Chosen): Promise<Outcome> {
    const { emit, logFolder } = this.#options;
    const log = new Log(join(logFolder, `${image.image}.log`));
    try {
      const parent = image.parent && (await this.#outcomes.get(image.parent.image));
      if (image.parent && (parent === 'failed' || parent === 'skipped')) {
        emit({ type: 'skipped', image: image.image, because: image.parent.image });
        return 'skipped';
      }
      const prepared = await this.#prepared.get(image.image);
      if (prepared === undefined) throw new Error(`${image.image} was not prepared`);
      if (prepared.present) return await this.#keep(image, prepared);
      this.#step(image, 'queue');
      await this.#making.run(this.#weight(image, prepared), () => this.#make(image, prepared, log));
      return 'built';
    } catch (cause) {
      const error = cause instanceof KollageError ? cause : notBuilt(image, log, cause);
      this.#failures.push({ image: image.image, error });
      if (!this.#shop.signal.aborted) {
        emit({ type: 'failed', image: image.image, error, log: log.path, last: log.last(10) });
      }
      return 'failed';
    } finally {
      await log.close();
    }
  }

  /** What others are built on goes first, then what takes longest. */
  #weight(image: Chosen, prepared: Prepared): number {
    return Object.keys(prepared.versions).length + (this.#awaited(image) ? 1e6 : 0);
  }

  #awaited(image: Chosen): boolean {
    return this.#images.some((other) => other.parent?.image === image.image);
  }

  async #keep(image: Chosen, prepared: Prepared): Promise<Outcome> {
    const reference = referenceOf(image.image, this.#options.release, prepared.fingerprint);
    await tagAll(this.#shop.docker, image.recipe, this.#options.release, prepared.fingerprint);
    this.#options.emit({ type: 'present', image: image.image, reference });
    return 'present';
  }

  async #make(image: Chosen, prepared: Prepared, log: Log): Promise<void> {
    const { emit, release } = this.#options;
    const { docker, containers, suite } = this.#shop;
    const started = performance.now();
    const below = await this.#below(image);
    const script = { path: `${workPath}/build`, content: installScript(image, release, suite), mode: 0o755 };
    const container = await containers.create({
      name: `${buildPrefix}${suite.suite}-${image.image}`,
      image: below.reference,
      command: ['/bin/sh', `${workPath}/build`],
      binds: [`${cacheVolume(suite)}:${cachePath}:ro`],
      uploads: [script, ...prepared.uploads],
      network: 'host',
    });
    try {
      const status = await runToEnd(docker, container, (line) => this.#line(image, line, log));
      if (status !== 0) throw new Error(`the build ended with status ${status}`);
      this.#step(image, 'save');
      const layer = await commit(container, `${image.image} ${release}`);
      const reference = referenceOf(image.image, release, prepared.fingerprint);
      const dockerfile = metadata(image, layer, release, prepared.fingerprint, prepared.versions);
      await describe(docker, dockerfile, reference);
      await tagAll(docker, image.recipe, release, prepared.fingerprint);
      const size = (await inspectImage(docker, reference))?.Size ?? 0;
      const seconds = (performance.now() - started) / 1000;
      emit({ type: 'built', image: image.image, reference, seconds, size, own: size - below.size });
    } finally {
      await containers.discard(container);
    }
  }

  /** The image that this one is made in. */
  async #below(image: Chosen): Promise<{ reference: string; size: number }> {
    const parent = image.parent && (await this.#prepared.get(image.parent.image));
    const reference =
      image.parent && parent
        ? referenceOf(image.parent.image, this.#options.release, parent.fingerprint)
        : seedReference(this.#shop.suite.suite);
    const size = (await inspectImage(this.#shop.docker, reference))?.Size ?? 0;
    return { reference, size };
  }

  #line(image: Chosen, line: string, log: Log): void {
    const step = line.startsWith(stepMark) ? line.slice(stepMark.length) : undefined;
    if (step === 'install' || step === 'compile') this.#step(image, step);
    // apt would tidy up the cache, which is mounted read-only.
    if (!line.startsWith('W: chmod')) log.line(line);
  }

  #step(image: Chosen, step: 'resolve' | 'fetch' | 'queue' | 'install' | 'compile' | 'save'): void {
    this.#options.emit({ type: 'step', image: image.image, step });
  }
}

/** What apt is asked for: the image's packages, and those of all images below it. */
function requestOf(image: Chosen): Request {
  const below = chain(image);
  return {
    packages: [...below.flatMap(({ recipe }) => recipe.packages), ...image.recipe.tools],
    unpack: image.recipe.unpack,
  };
}

function notBuilt(image: Chosen, log: Log, cause: unknown): KollageError {
  const last = log.last(20);
  const line = last.findLast((entry) => /^(E:|.*[Ee]rror)/.test(entry)) ?? last.at(-1) ?? text(cause);
  return new KollageError(
    {
      code: 'KLG-305',
      message: `Image ${image.image} was not built: ${line}`,
      next: `See the log: ${log.path}`,
    },
    { cause },
  );
}
