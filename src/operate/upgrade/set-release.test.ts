import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { setRelease } from './set-release.ts';

test.each([
  [
    'name: a\nrelease: "1" # the old one\nengine: docker\n',
    'name: a\nrelease: "2" # the old one\nengine: docker\n',
  ],
  ['name: a\nrelease: zed\n', 'name: a\nrelease: "2"\n'],
  ["release: '1'\nname: a\n", 'release: "2"\nname: a\n'],
  [
    '# ours\nname: a # its name\n\nservices: {}\n',
    '# ours\nname: a # its name\nrelease: "2"\n\nservices: {}\n',
  ],
  ['name: a', 'name: a\nrelease: "2"\n'],
  ['name: a\n', 'name: a\nrelease: "2"\n'],
  ['{ name: a, release: "1" }\n', '{ name: a, release: "2" }\n'],
])('only the release changes in %j', (text, expected) => {
  const set = setRelease(text, '2');
  expect(set).toBe(expected);
  expect(parse(set)).toEqual({ ...parse(text), release: '2' });
});

test.each(['{ name: a }\n', 'name: a\nrelease: [1]\n', ''])('what cannot be edited is said: %j', (text) => {
  expect(() => setRelease(text, '2')).toThrow(
    expect.objectContaining({ finding: expect.objectContaining({ code: 'KLG-104' }) }),
  );
});
