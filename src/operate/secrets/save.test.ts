import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { complaints, folderWith } from '../../../test/support/folders.ts';
import { savePrivately } from './save.ts';

describe('saving', () => {
  it.each([
    ['changed', 'before'],
    ['made', null],
  ])('refuses a file that someone else has %s', async (_, before) => {
    const folder = folderWith({ f: 'theirs' });
    expect(await complaints(() => savePrivately(join(folder, 'f'), 'mine', before), folder)).toEqual([
      expect.stringMatching(/^KLG-125 - f /),
    ]);
    expect(readFileSync(join(folder, 'f'), 'utf8')).toBe('theirs');
    expect(readdirSync(folder)).toEqual(['f']);
  });

  it('says when there is no place to save', async () => {
    expect(await complaints(() => savePrivately('/nowhere/at/all', 'x', null))).toEqual([
      expect.stringMatching(/^KLG-125 /),
    ]);
  });

  it('replaces what is as it was, for its owner only, also behind a link', () => {
    const folder = folderWith({ f: '\uFEFFold' });
    symlinkSync('f', join(folder, 'link'));
    savePrivately(join(folder, 'link'), 'new', 'old');
    expect(readFileSync(join(folder, 'f'), 'utf8')).toBe('new');
    expect(statSync(join(folder, 'f')).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder)).toEqual(['f', 'link']);
  });

  it('clears away what a killed run has left, and nothing else', () => {
    const folder = folderWith({ f: 'old' });
    const [stale, young, other] = ['.f.0123456789ab.tmp', '.f.ba9876543210.tmp', '.f.mine.tmp'];
    for (const name of [stale, young, other]) writeFileSync(join(folder, name), 'x');
    for (const name of [stale, other]) utimesSync(join(folder, name), 1, 1);
    savePrivately(join(folder, 'f'), 'new', 'old');
    expect(readdirSync(folder).sort()).toEqual([young, other, 'f']);
  });

  it('leaves the old file or the new one, whenever it is killed', { timeout: 60_000 }, async () => {
    const texts = ['a'.repeat(100_000), 'b'.repeat(50_000)] as const;
    const folder = folderWith({ f: texts[0] });
    const loop = `import { savePrivately } from ${JSON.stringify(join(import.meta.dirname, 'save.ts'))};
      import { readFileSync } from 'node:fs';
      const path = process.argv[1];
      process.stdout.write('ready');
      for (;;) {
        const before = readFileSync(path, 'utf8');
        savePrivately(path, before[0] === 'a' ? 'b'.repeat(50000) : 'a'.repeat(100000), before);
      }`;
    for (let delay = 0; delay < 8; delay++) {
      const child = spawn(process.execPath, ['--input-type=module', '-e', loop, join(folder, 'f')], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      await once(child.stdout, 'data');
      const end = performance.now() + 3 * delay + Math.random() * 3;
      while (performance.now() < end) await new Promise(setImmediate);
      child.kill('SIGKILL');
      await once(child, 'exit');
      expect(texts).toContain(readFileSync(join(folder, 'f'), 'utf8'));
    }
  });
});
