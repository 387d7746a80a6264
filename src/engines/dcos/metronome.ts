import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { messageOf } from '../../model/error.ts';
import type { AdminRouter, RouterRequest } from './router.ts';

/** A job of Metronome's, run once (dcos/metronome, jobspec.schema.json). */
export interface Job {
  /** Names of lower-case letters, digits and `-`, joined by dots. It tells the job from all that ever were. */
  readonly id: string;
  readonly run: Readonly<Record<string, unknown>>;
}

export type JobOutcome = { readonly state: 'finished' } | { readonly state: 'failed'; readonly why: string };

export interface JobOptions {
  readonly signal: AbortSignal;
  /** Is written down before Metronome forgets the job. */
  readonly settled?: (outcome: JobOutcome) => Promise<void>;
  /** Milliseconds between two looks. */
  readonly every?: number;
  /** Milliseconds for which Metronome may be silent. */
  readonly patience?: number;
}

/** Metronome refused a request, or did not answer. */
export class MetronomeError extends Error {
  override readonly name = 'MetronomeError';
  /** The HTTP status; 0 without an answer. */
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

const finished = z.array(z.looseObject({ id: z.string() })).default([]);
const looked = z.looseObject({
  activeRuns: z.array(z.looseObject({ id: z.string(), status: z.string() })).default([]),
  history: z.looseObject({ successfulFinishedRuns: finished, failedFinishedRuns: finished }),
});
const refusal = z.looseObject({
  message: z.string(),
  details: z.array(z.looseObject({ path: z.string(), errors: z.array(z.string()) })).default([]),
});

/** Statuses of one that has lost its leader, or is just losing it. */
const passing = new Set([0, 502, 503, 504]);

/** One-time jobs by Metronome, behind the admin router. */
export class Metronome {
  readonly #router: Pick<AdminRouter, 'fetch' | 'metronome'>;

  constructor(router: Pick<AdminRouter, 'fetch' | 'metronome'>) {
    this.#router = router;
  }

  /**
   * Runs a job once and sees it to its end, whoever began it: where a run is under way or is over, none is begun. A run is begun only after Metronome has said that the
   * job has none; where the answer to that is lost, it is looked again. Throws MetronomeError for what is refused, and what the signal says.
   */
  async run(job: Job, options: JobOptions): Promise<JobOutcome> {
    const { signal, settled, every = 1000, patience = 60_000 } = options;
    let end = performance.now() + patience;
    for (;;) {
      try {
        const outcome = await this.#step(job, signal);
        end = performance.now() + patience;
        if (outcome !== null) {
          await settled?.(outcome);
          await this.#forget(job.id, signal);
          return outcome;
        }
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof MetronomeError && passing.has(error.status)) || performance.now() > end)
          throw error;
      }
      await pause(every, undefined, { signal });
    }
  }

  /** Stops a job's runs and removes it; nothing where it is not there. */
  async remove(id: string, signal: AbortSignal): Promise<void> {
    await this.#ask('DELETE', `/v1/jobs/${id}?stopCurrentJobRuns=true`, signal, [404]);
  }

  async #step(job: Job, signal: AbortSignal): Promise<JobOutcome | null> {
    const path = `/v1/jobs/${job.id}`;
    const there = await this.#ask('GET', `${path}?embed=activeRuns&embed=history`, signal, [404]);
    if (there === null) {
      // 409: it was made all the same, by a request whose answer was lost.
      await this.#ask('POST', '/v1/jobs', signal, [409], job);
      return null;
    }
    const { activeRuns, history } = looked.parse(there);
    if (history.successfulFinishedRuns.length > 0) return { state: 'finished' };
    const [failed] = history.failedFinishedRuns;
    if (failed) return { state: 'failed', why: `the run ${failed.id} of ${job.id} failed` };
    if (activeRuns.length === 0) await this.#ask('POST', `${path}/runs`, signal, []);
    return null;
  }

  /** What is over is not needed any more: where that cannot be said, it does no harm. */
  async #forget(id: string, signal: AbortSignal): Promise<void> {
    try {
      await this.#ask('DELETE', `/v1/jobs/${id}`, signal, [404]);
    } catch (error) {
      if (!(error instanceof MetronomeError)) throw error;
    }
  }

  /** Null for the statuses that are `known`. */
  async #ask(
    method: string,
    path: string,
    signal: AbortSignal,
    known: readonly number[],
    body?: object,
  ): Promise<unknown> {
    const asked: RouterRequest = {
      method,
      signal,
      headers: { Accept: 'application/json', ...(body && { 'Content-Type': 'application/json' }) },
      ...(body && { body: JSON.stringify(body) }),
    };
    let answer: Response;
    try {
      answer = await this.#router.fetch(`${this.#router.metronome}${path}`, asked);
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      throw new MetronomeError(0, `Metronome does not answer: ${messageOf(error)}`);
    }
    const text = await answer.text();
    if (known.includes(answer.status)) return null;
    if (!answer.ok) throw new MetronomeError(answer.status, reason(text) ?? `HTTP ${answer.status}`);
    return JSON.parse(text);
  }
}

function reason(text: string): string | null {
  try {
    const { message, details } = refusal.parse(JSON.parse(text));
    return [message, ...details.map(({ path, errors }) => `${path}: ${errors.join(', ')}`)].join('; ');
  } catch {
    return null;
  }
}
