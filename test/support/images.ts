import { execFileSync } from 'node:child_process';
import { build } from '../../src/operate/images.ts';

/** Builds those of a release's images that are not there: `npm test` makes only the default release's. */
export async function haveImages(release: string, ...names: string[]): Promise<void> {
  const missing = names.filter((name) => !isThere(`kollage/${name}:${release}`));
  if (missing.length === 0) return;
  const { signal } = new AbortController();
  const request = { catalogs: ['openstack'], release, names: missing, force: false, signal };
  const { failed } = await build({ ...request, emit: () => undefined });
  if (failed.length > 0)
    throw new Error(`cannot be built for ${release}: ${failed.map(({ image }) => image).join(', ')}`);
}

function isThere(image: string): boolean {
  try {
    execFileSync('docker', ['image', 'inspect', image], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
