import { expect, test } from 'vitest';
import { recipe } from '../model/recipe.ts';
import { metadata } from './metadata.ts';

test('the Dockerfile only gives metadata, and its values are quoted', () => {
  const value = recipe.parse({
    image: 'a',
    about: 'costs "5 $x"',
    from: 'base',
    packages: ['bb', 'virtual'],
    user: 'nova',
    env: { LANG: 'C.UTF-8' },
    stop: { signal: 'SIGQUIT' },
  });
  const image = { image: 'a', recipe: value, folder: '/', parent: undefined };
  const lines = metadata(image, 'sha256:1', '2025.1', 'f00', { bb: '1:2' }).trim().split('\n');
  expect(lines.map((line) => line.split(' ')[0])).toEqual([
    'FROM',
    'ENV',
    'LABEL',
    'USER',
    'STOPSIGNAL',
    'ENTRYPOINT',
    'CMD',
  ]);
  expect(lines[2]).toContain('io.kollage.packages="bb=1:2"');
  expect(lines[2]).toContain('org.opencontainers.image.description="costs \\"5 \\$x\\""');
});
