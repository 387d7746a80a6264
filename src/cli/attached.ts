import type { Io } from '../engines/io.ts';
import { interruptible } from './live/interrupt.ts';

/** Where a command line runs: the parts of `process` that are looked at. */
type Around = Pick<NodeJS.Process, 'stdin' | 'stdout' | 'stderr' | 'env'>;

/**
 * Joins a command that runs elsewhere to our own streams. Where we stand on a terminal, so does it: every key goes to it, Ctrl-C too. Else
 * an interrupt is passed on, and a second one ends us. Disposing gives the terminal back as it was.
 */
export function attached({ stdin, stdout, stderr, env }: Around): { readonly io: Io } & Disposable {
  const isTerminal = stdin.isTTY && stdout.isTTY;
  const interrupt = interruptible(() => undefined);
  if (isTerminal) stdin.setRawMode(true);
  const terminal = {
    type: env['TERM'] ?? 'xterm',
    size: () => ({ columns: stdout.columns, rows: stdout.rows }),
    resized: (callback: () => void) => {
      stdout.on('resize', callback);
      return () => stdout.off('resize', callback);
    },
  };
  return {
    io: { stdin, stdout, stderr, terminal: isTerminal ? terminal : null, interrupt: interrupt.signal },
    [Symbol.dispose]: () => {
      interrupt[Symbol.dispose]();
      if (isTerminal) stdin.setRawMode(false);
      // Reading it would keep us alive when all else is done.
      stdin.destroy();
    },
  };
}
