import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';

/**
 * Makes an image under a name of its own: another one with these programs (texts by their paths) over its own, and another entry point where one is given. It
 * goes away with the test.
 */
export function derivedImage(
  from: string,
  name: string,
  programs: Readonly<Record<string, string>>,
  entrypoint?: string,
): string {
  const folder = mkdtempSync(join(tmpdir(), 'kollage-derived-'));
  for (const [path, text] of Object.entries(programs)) {
    const file = join(folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    chmodSync(file, 0o755);
  }
  const container = docker('create', from);
  docker('cp', `${folder}/.`, `${container}:/`);
  const change =
    entrypoint === undefined ? [] : ['--change', `ENTRYPOINT ["${entrypoint}"]`, '--change', 'CMD []'];
  docker('commit', ...change, container, name);
  docker('rm', container);
  rmSync(folder, { recursive: true });
  onTestFinished(() => void docker('rmi', '--force', name));
  return name;
}

function docker(...args: string[]): string {
  return execFileSync('docker', args, { encoding: 'utf8' }).trim();
}
