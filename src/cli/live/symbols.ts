/** The signs that the live view and the chart are drawn with. */
export interface Symbols {
  readonly done: string;
  readonly failed: string;
  readonly running: string;
  readonly waiting: string;
  readonly critical: string;
  readonly arrow: string;
  readonly bar: string;
  readonly wait: string;
}

const unicode: Symbols = {
  done: '✓',
  failed: '✗',
  running: '●',
  waiting: '○',
  critical: '▸',
  arrow: ' → ',
  bar: '█',
  wait: '·',
};

const ascii: Symbols = {
  done: '+',
  failed: 'x',
  running: '*',
  waiting: '.',
  critical: '>',
  arrow: ' -> ',
  bar: '#',
  wait: '.',
};

/** The signs that a terminal can show, by the locale of its environment (locale(7): LC_ALL before LC_CTYPE before LANG). */
export function symbolsFor(env: Readonly<Record<string, string | undefined>>): Symbols {
  const locale = env['LC_ALL'] || env['LC_CTYPE'] || env['LANG'] || '';
  return /utf-?8/i.test(locale) && env['TERM'] !== 'linux' ? unicode : ascii;
}
