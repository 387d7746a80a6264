import { describe, expect, test } from 'vitest';
import { setValue } from './set.ts';

const path = ['services', 'x', 'components', 'c', 'replicas'] as const;

describe('a number is set, and all else stays as it is written', () => {
  test.each([
    [
      'where there is nothing',
      'name: a\n',
      'name: a\n\nservices:\n  x: { components: { c: { replicas: 2 } } }\n',
    ],
    [
      'of a service that is on',
      'services:\n  x: true # y\n',
      'services:\n  x: { components: { c: { replicas: 2 } } } # y\n',
    ],
    [
      'of a service with settings',
      'services:\n  # one\n  x:\n    options: { o: 1 }\n',
      'services:\n  # one\n  x:\n    components: { c: { replicas: 2 } }\n    options: { o: 1 }\n',
    ],
    [
      'of a component among others',
      'services: { x: { components: { d: { replicas: 1 } } } }\n',
      'services: { x: { components: { c: { replicas: 2 }, d: { replicas: 1 } } } }\n',
    ],
    [
      'of a component with settings',
      'services:\n  x:\n    components:\n      c: # here\n        role: r\n',
      'services:\n  x:\n    components:\n      c: # here\n        replicas: 2\n        role: r\n',
    ],
    [
      'in the place of another',
      'services: { x: { components: { c: { replicas: 1 } } } } # so\n',
      'services: { x: { components: { c: { replicas: 2 } } } } # so\n',
    ],
  ])('%s', (_, before, after) => {
    expect(setValue(before, path, 2)).toBe(after);
  });
});

test.each([
  'services: { x: { components: &c { c: { replicas: 1 } } }, y: { components: *c } }\n',
  'services: { x: { components: { c: [] } } }\n',
])('what cannot be changed without loss is left, and where it stands is named: %s', (text) => {
  expect(() => setValue(text, path, 2)).toThrow(
    expect.objectContaining({
      finding: expect.objectContaining({
        code: 'KLG-903',
        next: 'Set services.x.components.c.replicas there by hand.',
      }),
    }),
  );
});
