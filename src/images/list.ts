import { buffer } from 'node:stream/consumers';
import type Docker from 'dockerode';
import { extract } from 'tar-stream';
import { create, discard } from './daemon.ts';
import { labels } from './metadata.ts';

/** An image that was built by a recipe. */
export interface BuiltImage {
  readonly image: string;
  readonly release: string;
  /** The recipe's fingerprint. */
  readonly recipe: string;
  readonly id: string;
  /** All references to it. */
  readonly references: readonly string[];
  /** Whether it is the one that its release's name stands for. */
  readonly current: boolean;
  /** Bytes, those of the images below it included. */
  readonly size: number;
  /** Milliseconds since the epoch. */
  readonly created: number;
  /** The packages that its recipe names, with their versions. */
  readonly packages: Readonly<Record<string, string>>;
}

/** The built images that the engine has, by release and image; the current one of each first. */
export async function listImages(docker: Docker, release?: string): Promise<BuiltImage[]> {
  const filters = { label: [release === undefined ? labels.image : `${labels.release}=${release}`] };
  const infos = await docker.listImages({ filters });
  return infos.flatMap(toBuiltImage).sort(byReleaseAndName);
}

/** The list of all packages in an image (its SBOM): name, version, architecture and source, separated by tabs. */
export async function packagesOf(docker: Docker, reference: string): Promise<string> {
  const container = await create(docker, { image: reference, command: ['true'] });
  try {
    const archive = await container.getArchive({ path: '/usr/share/kollage/packages.tsv' });
    const chunks: Buffer[] = [];
    const tar = extract();
    archive.pipe(tar);
    for await (const entry of tar) chunks.push(await buffer(entry));
    return Buffer.concat(chunks).toString();
  } finally {
    await discard(container);
  }
}

function toBuiltImage(info: Docker.ImageInfo): BuiltImage[] {
  const { [labels.image]: image, [labels.release]: release, [labels.recipe]: recipe } = info.Labels ?? {};
  const references = (info.RepoTags ?? []).filter((tag) => tag !== '<none>:<none>');
  if (image === undefined || release === undefined || recipe === undefined || references.length === 0)
    return [];
  const named = info.Labels[labels.packages] ?? '';
  const packages = named.split(' ').flatMap((entry): [string, string][] => {
    const at = entry.indexOf('=');
    return at === -1 ? [] : [[entry.slice(0, at), entry.slice(at + 1)]];
  });
  return [
    {
      image,
      release,
      recipe,
      id: info.Id,
      references,
      current: references.some((reference) => reference.endsWith(`/${image}:${release}`)),
      size: info.Size,
      created: info.Created * 1000,
      packages: Object.fromEntries(packages),
    },
  ];
}

function byReleaseAndName(a: BuiltImage, b: BuiltImage): number {
  return (
    a.release.localeCompare(b.release) ||
    a.image.localeCompare(b.image) ||
    Number(b.current) - Number(a.current) ||
    b.created - a.created
  );
}
