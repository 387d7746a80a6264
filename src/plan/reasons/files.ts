import { formatPatch, OMIT_HEADERS, structuredPatch } from 'diff';
import type { Reason } from '../../model/plan.ts';
import type { ConfigBundle, ConfigFile } from '../../model/resource.ts';

/**
 * The most lines that may differ for a difference to be worked out: beyond it nobody reads it, and it costs the
 * square of it.
 */
const mostEdits = 2000;

/**
 * Why a file differs: its lines as a unified diff with three lines around, then owner, mode, path and rule. Empty
 * when it does not.
 */
export function fileReasons(before: ConfigFile | undefined, after: ConfigFile | undefined): Reason[] {
  const name = after?.name ?? before?.name ?? '';
  const reasons: Reason[] = [];
  if (!before || !after || before.content !== after.content) reasons.push(contentReason(name, before, after));
  if (!before || !after) return reasons;
  for (const field of ['path', 'owner', 'mode', 'onChange'] as const) {
    if (before[field] === after[field]) continue;
    reasons.push({
      what: 'file',
      where: `${name}: ${field}`,
      ...(before[field] === null ? {} : { before: before[field] }),
      ...(after[field] === null ? {} : { after: after[field] }),
    });
  }
  return reasons;
}

function contentReason(name: string, before: ConfigFile | undefined, after: ConfigFile | undefined): Reason {
  const diff = unifiedDiff(before?.content ?? '', after?.content ?? '');
  return {
    what: 'file',
    where: name,
    ...(before && diff !== undefined && after ? {} : sides(before, after)),
    ...(diff === undefined ? {} : { diff }),
  };
}

function sides(before: ConfigFile | undefined, after: ConfigFile | undefined): Partial<Reason> {
  const lines = (file: ConfigFile) => `${file.content.split('\n').length - 1} lines`;
  return { ...(before ? { before: lines(before) } : {}), ...(after ? { after: lines(after) } : {}) };
}

/** The hunks of a unified diff without a header; undefined when more than 2,000 lines differ. */
export function unifiedDiff(before: string, after: string): string | undefined {
  const patch = structuredPatch('', '', before, after, '', '', { context: 3, maxEditLength: mostEdits });
  return patch && formatPatch(patch, OMIT_HEADERS);
}

/**
 * The differences of two bundles, by file; worked out once, since both the bundle's change and the workload's tell
 * them.
 */
export class FileDifferences {
  readonly #before: ReadonlyMap<string, ConfigBundle>;
  readonly #after: ReadonlyMap<string, ConfigBundle>;
  readonly #known = new Map<string, ReadonlyMap<string, FileDifference>>();

  constructor(before: ReadonlyMap<string, ConfigBundle>, after: ReadonlyMap<string, ConfigBundle>) {
    this.#before = before;
    this.#after = after;
  }

  /** Of the bundle of that name before and after, the files that differ, sorted by name. */
  of(id: string): ReadonlyMap<string, FileDifference> {
    const known = this.#known.get(id);
    if (known) return known;
    const old = new Map(this.#before.get(id)?.files.map((file) => [file.name, file]));
    const now = new Map(this.#after.get(id)?.files.map((file) => [file.name, file]));
    const found = new Map<string, FileDifference>();
    for (const name of [...new Set([...old.keys(), ...now.keys()])].sort()) {
      const before = old.get(name);
      const after = now.get(name);
      const reasons = fileReasons(before, after);
      if (reasons.length > 0) found.set(name, { before, after, reasons });
    }
    this.#known.set(id, found);
    return found;
  }
}

export interface FileDifference {
  readonly before: ConfigFile | undefined;
  readonly after: ConfigFile | undefined;
  readonly reasons: readonly Reason[];
}
