import type { Finding } from '../../model/error.ts';
import type { Mount } from '../../model/resource.ts';
import { type CheckInput, common, onNodes, type Placed, pairs } from './placed.ts';

/** The kernel's and the system's own: sockets, devices and namespaces are there to be shared. */
const system = ['/dev', '/sys', '/proc', '/run', '/var/run', '/lib/modules'];

interface Writer {
  readonly placed: Placed;
  readonly mount: Mount;
}

/**
 * KLG-402: a path of a node that components of two services write to. On purpose, and no finding: components of one
 * service, mounts that only read, mounts that both say are `shared`, volumes of the catalog, and the system's own
 * folders. A warning where one writes below what the other writes to.
 */
export function checkPaths({ desired }: CheckInput, all: readonly Placed[]): Finding[] {
  const byPath = Map.groupBy(
    all.flatMap((placed) =>
      placed.workload.mounts
        .filter((mount) => mount.type === 'host' && !mount.readOnly && !isSystem(clean(mount.source)))
        .map((mount): Writer => ({ placed, mount })),
    ),
    ({ mount }) => clean(mount.source),
  );
  const conflict = ([a, b]: [Writer, Writer], text: string, severity: Finding['severity']): Finding[] => {
    const sharing = a.mount.shared && b.mount.shared;
    if (sharing || a.placed.workload.service === b.placed.workload.service) return [];
    const nodes = common(a.placed, b.placed);
    if (nodes.length === 0) return [];
    return [{ code: 'KLG-402', severity, message: `${text}${onNodes(desired, nodes)}` }];
  };
  return [...byPath].flatMap(([path, writers]) => {
    const id = (writer: Writer) => writer.placed.workload.id;
    const alike = pairs(writers).flatMap((pair) =>
      conflict(pair, `${id(pair[0])} and ${id(pair[1])} both write to ${path}`, 'error'),
    );
    const below = above(path).flatMap((folder) =>
      (byPath.get(folder) ?? []).flatMap((outer) =>
        writers.flatMap((inner) =>
          conflict(
            [outer, inner],
            `${id(inner)} writes to ${path}, in ${folder}, which ${id(outer)} writes to`,
            'warning',
          ),
        ),
      ),
    );
    return [...alike, ...below];
  });
}

function clean(path: string): string {
  return path.replace(/\/+/g, '/').replace(/(?<=.)\/$/, '');
}

function isSystem(path: string): boolean {
  return system.some((folder) => path === folder || path.startsWith(`${folder}/`));
}

/** The folders that a path is in, without the root. */
function above(path: string): string[] {
  const parts = path.split('/').slice(1, -1);
  return parts.map((_, index) => `/${parts.slice(0, index + 1).join('/')}`);
}
