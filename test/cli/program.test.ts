import { describe, expect, test } from 'vitest';
import { version } from '../../src/cli/version.ts';
import { kollage, shop } from './kollage.ts';

test.each(['--version', '-V'])('%s', async (flag) => {
  expect(await kollage([flag])).toEqual({ code: 0, stdout: `${version()}\n`, stderr: '' });
});

describe('help', () => {
  test.each([[['--help']], [['help']]])('%s names every command', async (args) => {
    const { code, stdout, stderr } = await kollage(args);
    expect([code, stderr]).toEqual([0, '']);
    for (const command of ['init', 'secrets', 'plan', 'render', 'graph', 'up', 'status', 'logs', 'explain'])
      expect(stdout).toMatch(new RegExp(`^ {2}${command}\\b`, 'm'));
  });

  test.each([[['plan', '--help']], [['help', 'plan']]])('%s names every option', async (args) => {
    const { code, stdout } = await kollage(args);
    expect(code).toBe(0);
    for (const option of ['--folder', '--against', '--observed', '--save', '--json', '--verbose'])
      expect(stdout).toContain(option);
  });

  test('without a command it is on the error stream', async () => {
    const { code, stdout, stderr } = await kollage([]);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/^Usage: kollage /);
    expect(stderr).not.toContain('error[');
  });
});

describe('a wrong command line is KLG-901, with the nearest right word', () => {
  test.each([
    [['plna'], "unknown command 'plna'; did you mean plan?"],
    [['help', 'plna'], "unknown command 'plna'; did you mean plan?"],
    [['constructor'], "unknown command 'constructor'"],
    [['plan', '--jsn'], "unknown option '--jsn' (Did you mean --json?)"],
    [['plan', '--folder'], "option '-f, --folder <folder>' argument missing"],
    [['plan', 'more'], "too many arguments for 'plan'. Expected 0 arguments but got 1: more."],
    [
      ['graph', '--format', 'svg'],
      "option '--format <format>' argument 'svg' is invalid. Allowed choices are text, dot, mermaid.",
    ],
    [['explain', 'KLG-999'], 'there is no code KLG-999'],
    [['explain'], "missing required argument 'code'"],
    [['images', 'frob'], "unknown command 'frob'"],
    [['secrets', '--list', '--encrypt'], '--list and --encrypt cannot be asked for at once'],
    [['backup', '--list', '--keep', '3'], '--list and --keep cannot be asked for at once'],
    [['backup', '--keep', '0'], "option '--keep <count>' argument '0' is invalid."],
    [['restore', 'mariadb'], "missing required argument 'backup'"],
    [['recover'], "missing required argument 'service'"],
  ])('%s', async (args, message) => {
    const { code, stdout, stderr } = await kollage(args);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr.split('\n')[0]?.startsWith(`error[KLG-901] ${message}`), stderr).toBe(true);
    expect(stderr).toContain('  next: See `kollage help COMMAND`.');
  });
});

test('explain says what a code means, in either case', async () => {
  const small = await kollage(['explain', 'klg-110']);
  expect(small).toEqual(await kollage(['explain', 'KLG-110']));
  expect(small.code).toBe(0);
  expect(small.stdout).toMatch(/^KLG-110 .+\n.+\nkept: .+\nnext: .+\n$/);
});

describe('colours', () => {
  const esc = '\u001B[';
  test.each([
    ['none where the output is no terminal', [], {}, false],
    ['--color', ['--color'], {}, true],
    ['--color against NO_COLOR', ['--color'], { NO_COLOR: '1' }, true],
    ['--no-color', ['--no-color'], {}, false],
    ['FORCE_COLOR does not count', [], { FORCE_COLOR: '1' }, false],
  ] as const)('%s', async (_, args, env, coloured) => {
    const { stdout } = await kollage(['plan', '-f', shop, ...args], { env });
    expect(stdout.includes(esc)).toBe(coloured);
  });
});
