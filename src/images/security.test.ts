import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { loadCatalog } from '../load/catalog.ts';

const root = resolve(import.meta.dirname, '../..');

/** The rows of docs/security.md: component, capabilities, confinements switched off. */
function documented(): string[] {
  const page = readFileSync(`${root}/docs/security.md`, 'utf8');
  return page
    .split('\n')
    .filter((line) => /^\| [a-z-]+\/[a-z0-9-]+ \|/.test(line))
    .map((line) => line.split(' | ').slice(0, 3).join(' | ').replace(/^\| /, ''))
    .sort();
}

/** What the catalog gives to components that run as root. */
function given(): string[] {
  const rows: string[] = [];
  for (const [service, { value }] of loadCatalog(['openstack'], root).services) {
    for (const [component, { user, privileges }] of Object.entries(value.components)) {
      if ((user ?? value.user ?? 'root') !== 'root') {
        expect(privileges.capabilities, `${service}/${component} is not root`).toEqual([]);
        continue;
      }
      const { capabilities, unconfined } = privileges;
      rows.push(
        `${service}/${component} | ${capabilities.join(' ') || 'none'} | ${unconfined.join(', ') || 'none'}`,
      );
    }
  }
  return rows.sort();
}

test('docs/security.md lists every component that runs as root, with its capabilities', () => {
  expect(documented()).toEqual(given());
});
