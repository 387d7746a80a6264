import type { BuiltImage } from '../../images/list.ts';
import type { Paint } from '../colour.ts';

/** Images as a table: release, image, size, fingerprint and the versions of the packages that its recipe names. */
export function printImages(images: readonly BuiltImage[], paint: Paint): string {
  if (images.length === 0) return 'No images. Build them with `kollage images build`.\n';
  const width = Math.max(...images.map(({ image }) => image.length));
  const rows = images.map(({ release, image, size, recipe, packages, current }) => {
    const versions = Object.entries(packages).map(([name, version]) => `${name} ${version}`);
    const shown = versions.length > 2 ? [...versions.slice(0, 2), `+${versions.length - 2}`] : versions;
    const row = `${release.padEnd(8)}  ${image.padEnd(width)}  ${megabytes(size)}  ${recipe}  ${shown.join(', ')}`;
    return current ? row : paint.dim(row);
  });
  return `${rows.join('\n')}\n`;
}

/** Bytes as megabytes, six characters wide and more. */
export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(0).padStart(5)} MB`;
}
