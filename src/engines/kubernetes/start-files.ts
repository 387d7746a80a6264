import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('../../../images/start/', import.meta.url));

/** What no pod needs: tests, pages, and the stores of other engines. */
const left = /_test\.py$|\.md$|^store_(directory|zookeeper.*)\.py$|^__/;

/** The files of the start program, by name. */
export function startFiles(): Readonly<Record<string, string>> {
  const names = readdirSync(folder).filter((name) => !left.test(name));
  return Object.fromEntries(names.sort().map((name) => [name, readFileSync(`${folder}${name}`, 'utf8')]));
}
