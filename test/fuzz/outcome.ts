import { Worker } from 'node:worker_threads';
import type { Finding } from '../../src/model/error.ts';

/** How it ends when a folder is planned, rendered and drawn. */
export interface Outcome {
  /** crash: anything but a KollageError. */
  readonly kind: 'done' | 'refused' | 'crash' | 'endless';
  readonly findings: readonly Finding[];
  /** Everything that came out of it. */
  readonly text: string;
  /** What was printed meanwhile. */
  readonly printed: readonly string[];
}

/** Milliseconds after which a case counts as endless. Far above what the slowest takes: no timing is tested here. */
const deadline = 30_000;

/** Plans folders one after the other in a thread, which is ended and made anew when it does not answer. */
export class Runner implements AsyncDisposable {
  #worker: Worker | undefined;

  async run(folder: string): Promise<Outcome> {
    this.#worker ??= new Worker(new URL('./worker.ts', import.meta.url), {
      env: {
        PATH: process.env['PATH'] ?? '',
        XDG_CONFIG_HOME: '/nonexistent',
        KOLLAGE_STATE: '/nonexistent',
      },
      resourceLimits: { maxOldGenerationSizeMb: 1024 },
      // What the runner of these tests was started with is no business of the thread's.
      execArgv: ['--disable-warning=ExperimentalWarning'],
    });
    const worker = this.#worker;
    const { promise, resolve } = Promise.withResolvers<Outcome>();
    const ended = (kind: Outcome['kind'], text: string) => {
      this.#worker = undefined;
      void worker.terminate();
      resolve({ kind, findings: [], text, printed: [] });
    };
    const timer = setTimeout(() => ended('endless', `no outcome within ${deadline} ms`), deadline);
    const onError = (error: unknown) => ended('crash', String(error));
    worker.once('message', resolve);
    worker.once('error', onError);
    worker.postMessage(folder);
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      worker.off('message', resolve);
      worker.off('error', onError);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker?.terminate();
  }
}
