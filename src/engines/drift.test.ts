import { describe, expect, test } from 'vitest';
import { drift } from './drift.ts';

const applied = {
  replicas: 2,
  template: {
    spec: {
      containers: [
        { name: 'api', image: 'a:1', env: [{ name: 'A', value: '1' }], command: ['run', '-v'] },
        { name: 'side', image: 'b:1' },
      ],
      hostNetwork: false,
    },
  },
};

function live(change: (copy: typeof applied) => void): unknown {
  const copy = structuredClone(applied);
  change(copy);
  return copy;
}

describe('drift', () => {
  test.each<[string, unknown, string[]]>([
    ['nothing', applied, []],
    [
      'a field',
      live((copy) => {
        copy.replicas = 5;
      }),
      ['replicas: 5 instead of 2'],
    ],
    [
      'an entry of a list, which is known by its name wherever it stands',
      live(({ template: { spec } }) => {
        spec.containers.reverse();
        for (const one of spec.containers) one.image = `${one.image}0`;
      }),
      [
        'template.spec.containers[api].image: a:10 instead of a:1',
        'template.spec.containers[side].image: b:10 instead of b:1',
      ],
    ],
    [
      'a variable inside of it',
      live(({ template: { spec } }) => {
        for (const { env = [] } of spec.containers) for (const one of env) one.value = '2';
      }),
      ['template.spec.containers[api].env[A].value: 2 instead of 1'],
    ],
    [
      'an entry that is gone',
      live(({ template: { spec } }) => {
        spec.containers.pop();
      }),
      ['template.spec.containers[side]: is gone'],
    ],
    [
      'a list of words, as a whole',
      live(({ template: { spec } }) => {
        for (const one of spec.containers) one.command?.pop();
      }),
      ['template.spec.containers[api].command: ["run"] instead of ["run","-v"]'],
    ],
  ])('tells %s', (_, found, expected) => {
    expect(drift(applied, found)).toEqual(expected);
  });

  test('leaves what others added, and what the server leaves out', () => {
    const found = {
      ...structuredClone(applied),
      paused: true,
      template: {
        spec: { ...structuredClone(applied.template.spec), hostNetwork: undefined, dnsPolicy: 'x' },
      },
    };
    expect(drift(applied, found)).toEqual([]);
  });
});

test('entries that have the same name are compared in their order', () => {
  const mount = (value: string) => ({ key: 'mount', value });
  expect(drift({ of: [mount('a'), mount('b')] }, { of: [mount('a'), mount('b')] })).toEqual([]);
  expect(drift({ of: [mount('a'), mount('b')] }, { of: [mount('a'), mount('c')] })).toEqual([
    'of[1].value: c instead of b',
  ]);
});
