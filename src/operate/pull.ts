import { namesHost } from '../docker/registry.ts';
import type { Engine } from '../engines/engine.ts';
import { type Finding, KollageError, throwFirst } from '../model/error.ts';
import { Limit } from '../model/limit.ts';
import type { Deployment } from '../model/loaded.ts';
import type { Observed } from '../model/plan.ts';
import type { Desired } from '../model/resource.ts';

/** One image is being pulled, or has been, after so many seconds. */
export interface Pulling {
  readonly image: string;
  readonly seconds: number | null;
}

export interface PullRequest {
  readonly engine: Pick<Engine, 'pullImage' | 'observe'>;
  readonly deployment: Pick<Deployment, 'images'>;
  readonly desired: Desired;
  readonly tell: (pulling: Pulling) => void;
}

/** Pulls that go on at once; Docker itself takes three layers of each at a time. */
const atOnce = 3;

/**
 * Brings images from their registry: those that are missing, or all of them, as `images.pull` says. Images that are built here are
 * never pulled. Throws KLG-406 with every one that cannot be had; that of a tool alone stops nothing.
 */
export async function pullImages({ engine, deployment, desired, tell }: PullRequest): Promise<void> {
  // Looking costs time, and mostly all images are built here.
  if (toPull(deployment, desired, {}).length === 0) return;
  const chosen = toPull(deployment, desired, await engine.observe(desired.deployment, desired));
  const gate = new Limit(atOnce);
  const failures: Finding[] = [];
  const pullOne = async ({ image, must }: Wanted) => {
    const began = performance.now();
    tell({ image, seconds: null });
    try {
      await engine.pullImage(image);
      tell({ image, seconds: (performance.now() - began) / 1000 });
    } catch (error) {
      if (!(error instanceof KollageError) || error.code !== 'KLG-406') throw error;
      if (must) failures.push(error.finding);
    }
  };
  await Promise.all(chosen.map((wanted) => gate.run(0, () => pullOne(wanted))));
  throwFirst(failures.sort((a, b) => (a.message < b.message ? -1 : 1)));
}

interface Wanted {
  readonly image: string;
  /** Whether the platform itself needs it. */
  readonly must: boolean;
}

/** The images that shall be pulled, sorted; what was not looked at counts as missing. */
export function toPull(
  { images }: PullRequest['deployment'],
  { resources }: Pick<Desired, 'resources'>,
  { nodes }: Observed,
): Wanted[] {
  if (images.pull === 'never') return [];
  const { registry } = images;
  const comesFrom = (image: string) =>
    namesHost(image) || (registry !== undefined && image.startsWith(`${registry}/`));
  const here = (image: string) => nodes?.every((node) => node.images?.includes(image) ?? true) ?? false;
  const users = Map.groupBy(
    resources.filter((resource) => 'image' in resource),
    ({ image }) => image,
  );
  return [...users]
    .filter(([image]) => comesFrom(image) && (images.pull === 'always' || !here(image)))
    .map(([image, of]) => ({ image, must: of.some(({ kind }) => kind !== 'tool') }))
    .sort((a, b) => (a.image < b.image ? -1 : 1));
}
