import { spawnSync } from 'node:child_process';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { folderWith } from '../support/folders.ts';
import { kubernetesVersion } from './programs.ts';

const tool = resolve(import.meta.dirname, '../../tools/cluster');

test.runIf(process.getuid?.() === 0)('without Go, and with nothing built before, says so', () => {
  const folder = folderWith({});
  const withoutGo = (process.env['PATH'] ?? '')
    .split(':')
    .filter((one) => spawnSync('test', ['-e', join(one, 'go')]).status !== 0)
    .join(':');
  const { status, stderr } = spawnSync(tool, ['check'], {
    encoding: 'utf8',
    env: { ...process.env, PATH: withoutGo, XDG_CACHE_HOME: folder },
  });
  expect(stderr).toContain('no Go 1.26 or newer');
  expect(status).toBe(69);
  // Where it was built before, none is needed.
  const kept = /at (\S+)/.exec(stderr)?.[1] ?? '';
  expect(kept).toContain(`kollage/cluster-${kubernetesVersion()}-`);
  spawnSync('install', ['-D', '/dev/null', kept]);
  expect(
    spawnSync(tool, ['check'], { env: { ...process.env, PATH: withoutGo, XDG_CACHE_HOME: folder } }).status,
  ).toBe(0);
});
