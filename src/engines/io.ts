import { collector, type Streams } from '../docker/streams.ts';

/** A terminal on which a command runs: its size goes along. */
export interface Terminal {
  /** What kind it is, as TERM names it. */
  readonly type: string;
  size(): { readonly columns: number; readonly rows: number };
  /** Calls back when the size changes, until the returned function is called. */
  resized(callback: () => void): () => void;
}

/** What a command that runs elsewhere is joined to. */
export interface Io extends Streams {
  /** Null: the output comes as two streams, and keys are not passed on one by one. */
  readonly terminal: Terminal | null;
  /** Aborted when the command is to be interrupted, as by Ctrl-C without a terminal. */
  readonly interrupt: AbortSignal;
}

/** Runs something that wants an `Io` without input, and gives its exit code and what it printed, both streams together. */
export async function captured(
  run: (io: Io) => Promise<number>,
  interrupt: AbortSignal = new AbortController().signal,
): Promise<{ readonly code: number; readonly output: string }> {
  const { stream, text } = collector();
  const code = await run({ stdin: null, stdout: stream, stderr: stream, terminal: null, interrupt });
  return { code, output: text() };
}
