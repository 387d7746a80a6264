import type { Chosen } from './choose.ts';
import type { Versions } from './fingerprint.ts';

export const labels = {
  release: 'io.kollage.release',
  image: 'io.kollage.image',
  recipe: 'io.kollage.recipe',
  packages: 'io.kollage.packages',
} as const;

/**
 * A Dockerfile that gives an image its metadata: who it runs as, how it starts and stops, and labels that say what it is.
 * @param layer id of the image that holds the files
 * @param versions of the packages that the recipe names
 */
export function metadata(
  image: Chosen,
  layer: string,
  release: string,
  fingerprint: string,
  versions: Versions,
): string {
  const { recipe } = image;
  const named = [...recipe.packages, ...recipe.unpack].flatMap((name) => {
    const version = versions[name];
    return version === undefined ? [] : [`${name}=${version}`];
  });
  const values: Record<string, string> = {
    [labels.release]: release,
    [labels.image]: recipe.image,
    [labels.recipe]: fingerprint,
    [labels.packages]: named.sort().join(' '),
    'org.opencontainers.image.title': recipe.image,
    'org.opencontainers.image.description': recipe.about,
    'org.opencontainers.image.version': release,
  };
  return [
    `FROM ${layer}`,
    ...pairs('ENV', recipe.env),
    ...pairs('LABEL', values),
    `USER ${recipe.user}`,
    ...(recipe.stop ? [`STOPSIGNAL ${recipe.stop.signal}`] : []),
    'ENTRYPOINT ["dumb-init", "--single-child", "--"]',
    'CMD ["kolla_start"]',
    '',
  ].join('\n');
}

function pairs(instruction: string, values: Readonly<Record<string, string>>): string[] {
  const all = Object.entries(values).map(
    ([key, value]) => `${key}=${JSON.stringify(value).replaceAll('$', '\\$')}`,
  );
  return all.length === 0 ? [] : [`${instruction} ${all.join(' ')}`];
}
