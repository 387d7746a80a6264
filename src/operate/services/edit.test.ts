import { describe, expect, test } from 'vitest';
import { setServices } from './edit.ts';

const cases: readonly [string, string, Record<string, boolean>, string][] = [
  ['without services', 'name: a   # b\n', { x: true }, 'name: a   # b\n\nservices:\n  x: true\n'],
  ['without a last line break', 'name: a', { x: false }, 'name: a\n\nservices:\n  x: false\n'],
  [
    'with none',
    'services:   # none yet\nname: a\n',
    { x: true },
    'services:\n  x: true   # none yet\nname: a\n',
  ],
  [
    'with others',
    'services:\n    # the first\n    y: true  # so\nname: a\n',
    { x: true, y: false },
    'services:\n    # the first\n    x: true\n    y: false  # so\nname: a\n',
  ],
  ['in braces', 'services: { y: true }\n', { x: true, y: false }, 'services: { x: true, y: false }\n'],
  ['in empty braces', 'services: {}\n', { x: true }, 'services: { x: true }\n'],
  [
    'with settings',
    'services:\n  x:\n    options: { o: 1 }\n',
    { x: false },
    'services:\n  x:\n    enabled: false\n    options: { o: 1 }\n',
  ],
  [
    'with settings that switch it',
    'services:\n  x: { enabled: false, options: {} } # s\n',
    { x: true },
    'services:\n  x: { enabled: true, options: {} } # s\n',
  ],
  ['twice', 'services: { x: true }\n', { x: true }, 'services: { x: true }\n'],
];

describe('a service is switched, and all else stays as it is written', () => {
  test.each(cases)('%s', (_, before, switched, after) => {
    expect(setServices(before, new Map(Object.entries(switched)))).toBe(after);
  });
});

test.each(['{ name: a }\n', 'services: &s { y: true }\nother: *s\n', 'services: [x]\n'])(
  'what cannot be changed without loss is left: %s',
  (text) => {
    expect(() => setServices(text, new Map([['x', true]]))).toThrow('cannot be changed without loss');
  },
);
