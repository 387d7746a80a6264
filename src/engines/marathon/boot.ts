import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('../../../images/start/', import.meta.url));

/** What no container needs: tests, pages, and the stores of other engines. */
const left = /_test\.py$|\.md$|^store_(directory|kubernetes)\.py$|^__/;

/** The files of the start program, by name. */
export function startFiles(): Readonly<Record<string, string>> {
  const names = readdirSync(folder).filter((name) => !left.test(name));
  return Object.fromEntries(names.sort().map((name) => [name, readFileSync(`${folder}${name}`, 'utf8')]));
}

/**
 * The command of every container: Python with a program that fetches the start program, since an image has nothing of ours in it, and no agent can be
 * asked to bring it. It changes seldom, for what it fetches is not in it.
 */
export function bootCommand(start: Readonly<Record<string, string>>): readonly string[] {
  return ['python3', '-I', '-S', '-c', start['store_zookeeper_boot.py'] ?? ''];
}
