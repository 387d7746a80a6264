import { describe, expect, it } from 'vitest';
import { complaints } from '../../../test/support/folders.ts';
import type { Finding } from '../../model/error.ts';
import { readYaml } from './read.ts';

describe('reading YAML', () => {
  it.each([
    ['a quote that is not closed', 'a: "b\nc: d\n', '3:1 a character is missing here'],
    ['a wrong indentation', 'a:\n    b: 1\n  c: 2\n', '3:1 this line is not indented as its neighbours are'],
    ['a tab', 'a:\n\tb: 1\n', '2:1 tabs cannot indent'],
    ['a colon in a text', 'a: b: c\n', '1:4 a list or map cannot begin on this line'],
    ['a bracket that is not closed', 'a: [1, 2\nb: 3\n', '2:1 '],
    [
      'a template without quotes',
      'a:\n  b: {{ c }}\n',
      '2:7 a key must be a text; a value that begins with {{ must be in quotes',
    ],
    ['a key that stands twice', 'a: 1\nb: 2\na: 3\n', '3:1 the key a stands here a second time'],
    ['an alias of nothing', 'a: *b\n', '1:4 no value before this one has this name'],
    ['an alias of itself', 'a: &b [*b]\n', '1:8 no value before this one has this name'],
    ['a second document', 'a: 1\n---\nb: 2\n', '2:1 a file holds one document'],
    [
      'a secret of ansible-vault',
      'a: !vault |\n  123\n',
      '1:11 a value is encrypted by ansible-vault; decrypt it with `ansible-vault decrypt`',
    ],
    ['__proto__', '__proto__: 1\n', '1:1 __proto__ cannot be a key'],
    [
      'lists in lists',
      `a: ${'['.repeat(99)}${']'.repeat(99)}\n`,
      '1:68 this holds too much, or is nested too deeply',
    ],
    ['brackets without end', '['.repeat(100_000), '1:'],
  ])('refuses %s', async (_, text, expected) => {
    const [first] = await complaints(() => readYaml('f.yaml', text));
    expect(first).toMatch(/^KLG-102 /);
    expect(first).toContain(`f.yaml:${expected}`);
  });

  it('refuses ten lines that stand for a thousand million values', async () => {
    const line = (name: string, of: string) => `${name}: &${name} [${Array(10).fill(of).join(', ')}]\n`;
    const bomb = [...'bcdefghij'].map((name, index) => line(name, `*${'abcdefghi'[index]}`)).join('');
    expect(await complaints(() => readYaml('f.yaml', line('a', 'x') + bomb))).toEqual([
      expect.stringContaining('this holds too much'),
    ]);
  });

  it('refuses large files of what only the library can read, quickly', async () => {
    const [first] = await complaints(() => readYaml('f.yaml', ']'.repeat(4 * 2 ** 20)));
    expect(first).toMatch(/^KLG-107 /);
  });

  it('never quotes a text in its messages', async () => {
    const texts = [
      'p: "hunter2',
      'p: hunter2: x',
      'p: *hunter2',
      'p: !hunter2 x',
      'p: [!hunter2, a]',
      '"hunter2',
      '!hunter"2',
      '%hunter2',
      'p: [hunter2',
      'p: @hunter2',
    ];
    for (const text of texts) {
      const told = await complaints(() => readYaml('f.yaml', text));
      expect(told.length).toBeGreaterThan(0);
      expect(told.join()).not.toContain('hunter2');
    }
  });

  it.each([
    ['yes', true, 'yes'],
    ['Off', false, 'Off'],
    ['y', 'y', 'y'],
    ['010', 8, 10],
    ['0o10', '0o10', 8],
    ['0x1F', 31, 31],
    ['0b11', 3, '0b11'],
    ['1_000', 1000, '1_000'],
    ['-5', -5, -5],
    ['2025.10', 2025.1, 2025.1],
    ['1e3', '1e3', 1000],
    ['1.0e+3', 1000, 1000],
    ['12:30', '12:30', '12:30'],
    ['2025-01-01', '2025-01-01', '2025-01-01'],
    ['.inf', '.inf', '.inf'],
    ['99999999999999999999', '99999999999999999999', '99999999999999999999'],
    ['~', null, null],
    ['', null, null],
    ['"yes"', 'yes', 'yes'],
    ['!!str 5', '5', '5'],
  ])('takes %s as Ansible does, and as YAML 1.2 has it', (written, ansible, own) => {
    expect(readYaml('f', `a: ${written}\n`, { dialect: '1.1' }).value).toEqual({ a: ansible });
    expect(readYaml('f', `a: ${written}\n`).value).toEqual({ a: own });
  });

  it("takes the last of two equal keys in kolla-ansible's files, and says so", () => {
    const warnings: Finding[] = [];
    const yaml = readYaml('f', 'a: 1\na: 2\n', { dialect: '1.1', warn: (finding) => warnings.push(finding) });
    expect(yaml.value).toEqual({ a: 2 });
    expect(warnings).toMatchObject([{ severity: 'warning', place: { line: 2, column: 1 } }]);
  });

  it('merges maps', () => {
    const yaml = readYaml('f', 'a: &a { x: 1, y: 2 }\nb:\n  <<: *a\n  y: 3\nc: { <<: [*a, { z: 4 }] }\n');
    expect(yaml.value).toEqual({ a: { x: 1, y: 2 }, b: { y: 3, x: 1 }, c: { x: 1, y: 2, z: 4 } });
  });

  it.each([
    [[], 1, 1],
    [['a'], 1, 4],
    [['b'], 2, 1],
    [['b', 'c'], 3, 6],
    [['b', 'list', 1], 6, 5],
    [['b', 'list', 1, 'd'], 6, 8],
    [['b', 'flow', 'e'], 7, 14],
    [['b', 'text'], 8, 9],
    [['b', 'empty'], 10, 3],
    [['b', 'nothing', 'here'], 2, 1],
    [['z'], 1, 1],
  ])('knows where %j stands', (path, line, column) => {
    const text =
      'a: 1\nb:\n  c: "x"\n  list:\n  - 1\n  - d: 2\n  flow: { e: 3 }\n  text: |\n    f\n  empty:\n';
    expect(readYaml('f.yaml', text).at(path)).toEqual({ file: 'f.yaml', line, column });
  });
});
