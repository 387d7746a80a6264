import { KollageError } from '../../model/error.ts';
import { suggestion } from '../../model/nearest.ts';
import type { CatalogFile } from '../../model/service.ts';

type Releases = CatalogFile['releases'];

/**
 * What is to be known of an upgrade from one release to another; null where there is nothing. Throws KLG-105 for a release that the catalog
 * does not have, KLG-530 where there is no such upgrade: with the reason, and the way through other releases if there is one.
 */
export function upgradeNote(releases: Releases, from: string, to: string): string | null {
  const release = Object.hasOwn(releases, to) ? releases[to] : undefined;
  if (!release) {
    const message = `there is no release ${to}${suggestion(to, Object.keys(releases))}`;
    throw new KollageError({ code: 'KLG-105', message });
  }
  if (from === to) throw refused(`${to} runs already`, 'For other changes run `kollage up`.');
  const note = release.upgradeNotes[from] ?? null;
  if (release.upgradesFrom.includes(from)) return note;
  if (way(releases, to, from)) {
    const message = `${from} is newer than ${to}: its data are of a form that ${to} cannot read`;
    throw refused(message, 'To go back to a revision of before, with its data, see `kollage rollback`.');
  }
  const through = way(releases, from, to)?.slice(1, -1) ?? [];
  throw refused(
    `${to} cannot be reached from ${from} at once${note === null ? '' : `: ${note}`}`,
    through.length === 0
      ? 'There is no way through other releases either.'
      : `Upgrade to ${through[0]} first.`,
  );
}

/** The shortest way by upgrades, both ends included; null when there is none. */
function way(releases: Releases, from: string, to: string): readonly string[] | null {
  const ways: string[][] = [[to]];
  const seen = new Set([to]);
  for (const known of ways) {
    const [first = to] = known;
    if (first === from) return known;
    for (const before of releases[first]?.upgradesFrom ?? []) {
      if (!seen.has(before)) ways.push([before, ...known]);
      seen.add(before);
    }
  }
  return null;
}

function refused(message: string, next: string): KollageError {
  return new KollageError({ code: 'KLG-530', message, next });
}
