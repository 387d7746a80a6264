import { expect, test } from 'vitest';
import { KollageError } from '../../model/error.ts';
import { catalogFile } from '../../model/service.ts';
import { upgradeNote } from './way.ts';

const { releases } = catalogFile.parse({
  catalog: 'shop',
  title: 'A shop',
  releases: {
    a: { title: 'A' },
    b: { title: 'B', upgradesFrom: ['a'], upgradeNotes: { a: 'takes a while' } },
    c: { title: 'C', upgradesFrom: ['b'], upgradeNotes: { a: 'C cannot read the rows of A' } },
    d: { title: 'D', upgradesFrom: ['c', 'b'] },
    apart: { title: 'Another' },
  },
});

function refusal(from: string, to: string): string {
  try {
    upgradeNote(releases, from, to);
  } catch (error) {
    if (error instanceof KollageError) return `${error.finding.code} ${error.message} ${error.finding.next}`;
  }
  return 'not refused';
}

test('a release says from which ones it comes, and what is to be known of that', () => {
  expect(upgradeNote(releases, 'a', 'b')).toBe('takes a while');
  expect(upgradeNote(releases, 'b', 'd')).toBe(null);
});

test.each([
  ['a', 'c', 'KLG-530 c cannot be reached from a at once: C cannot read the rows of A Upgrade to b first.'],
  ['a', 'd', 'KLG-530 d cannot be reached from a at once Upgrade to b first.'],
  ['b', 'b', 'KLG-530 b runs already For other changes run `kollage up`.'],
  [
    'd',
    'a',
    'KLG-530 d is newer than a: its data are of a form that a cannot read To go back to a revision of before, with its data, see `kollage rollback`.',
  ],
  [
    'a',
    'apart',
    'KLG-530 apart cannot be reached from a at once There is no way through other releases either.',
  ],
  ['a', 'apar', 'KLG-105 there is no release apar; did you mean apart? undefined'],
])('from %s to %s is refused, with the reason and the way', (from, to, said) => {
  expect(refusal(from, to)).toBe(said);
});
