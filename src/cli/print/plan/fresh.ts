import type { Paint } from '../../colour.ts';
import type { Group } from './groups.ts';
import { count, idOf, type PrintOptions, shorten } from './text.ts';

/** A heading, and a line for each service that is all new: how much of it, of which images. Nothing where none is. */
export function freshLines(groups: readonly Group[], paint: Paint, { width }: PrintOptions): string[] {
  if (groups.length === 0) return [];
  const images = groups.map(imagesOf);
  const common = commonParts(images.flat());
  const name = Math.max(...groups.map(({ service }) => service.length));
  const amounts = groups.map(amount);
  const room = Math.max(...amounts.map((text) => text.length));
  const from = common && paint.dim(`  images: ${common.before}…${common.after}`);
  return [
    `${paint.bold('New')}${from ?? ''}`,
    ...groups.map((group, index) => {
      const short = (image: string) =>
        common ? image.slice(common.before.length, image.length - common.after.length) : image;
      const list = (images[index] ?? []).map(short).join(', ');
      const shown = shorten(list, Math.max(20, width - name - room - 8));
      return `  ${paint.green('+')} ${paint.bold(group.service.padEnd(name))}  ${(amounts[index] ?? '').padEnd(room)}  ${paint.dim(shown)}`;
    }),
  ];
}

/** What all references have alike: registry and namespace before the name, tag after it. Null where they differ. */
function commonParts(images: readonly string[]): { before: string; after: string } | null {
  const parts = images.map((image) => /^(.*\/)?[^/:@]+([:@].*)?$/.exec(image));
  const before = new Set(parts.map((part) => part?.[1] ?? ''));
  const after = new Set(parts.map((part) => part?.[2] ?? ''));
  const [[only = ''], [tag = '']] = [[...before], [...after]];
  return images.length > 1 && before.size === 1 && after.size === 1 ? { before: only, after: tag } : null;
}

function amount({ changes }: Group): string {
  const workloads = changes.filter(({ key }) => key.startsWith('workload:'));
  const tasks = changes.filter(({ key }) => key.startsWith('task:'));
  const instances = workloads.reduce((sum, change) => sum + change.instances, 0);
  // A node's own variant of a component is not another one.
  const components = new Set(workloads.map((change) => idOf(change).split('@')[0])).size;
  return [
    ...(components === 0 ? [] : [count(components, 'component')]),
    ...(instances === components ? [] : [count(instances, 'instance')]),
    ...(tasks.length === 0 ? [] : [count(tasks.length, 'task')]),
  ].join(', ');
}

/** Those of components first: tasks borrow images of other services. */
function imagesOf({ changes }: Group): string[] {
  const of = (kind: string) =>
    changes
      .filter(({ key }) => key.startsWith(kind))
      .flatMap(({ reasons }) =>
        reasons.flatMap(({ where, after }) => (where === 'image' && after !== undefined ? [after] : [])),
      )
      .sort();
  return [...new Set([...of('workload:'), ...of('task:')])];
}
