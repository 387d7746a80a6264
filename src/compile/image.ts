import { KollageError } from '../model/error.ts';
import type { Context } from './context.ts';
import type { Scope } from './scope.ts';

/**
 * The reference of an image: the operator's own for this name, a whole reference as it stands, a registry's, or the one that a recipe
 * of the catalog builds. KLG-205 when it is none of these.
 */
export function imageReference(context: Context, name: string, scope: Scope): string {
  const { deployment, catalog } = context.input;
  const { images, release } = deployment;
  const own = Object.hasOwn(images.overrides, name) ? images.overrides[name] : undefined;
  if (own !== undefined) return own;
  if (/[/:]/.test(name)) return name;
  const values = { image: name, release, registry: images.registry ?? '', tag: images.tag ?? '' };
  const naming = scope.within([], values);
  if (images.registry !== undefined) return naming.text(catalog.file.value.pulledImageName);
  const releases = catalog.images.get(name);
  if (releases && (releases.length === 0 || releases.includes(release)))
    return naming.text(catalog.file.value.imageName);
  throw new KollageError({
    code: 'KLG-205',
    message: releases
      ? `the image ${name} is not built for the release ${release}, only for ${releases.join(', ')}`
      : `no recipe of the catalog provides an image ${name}`,
    place: scope.place('image'),
  });
}
