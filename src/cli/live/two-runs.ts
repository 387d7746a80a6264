import type { RestoreRequest } from '../../operate/restore.ts';
import { colours } from '../colour.ts';
import { interruptible } from './interrupt.ts';
import { jsonReporter, personReporter } from './reporter.ts';
import { steps } from './steps.ts';

interface Ended {
  readonly revision: number | null;
  /** What programs are told beside it, and what people are told after it. */
  readonly result?: object;
  readonly said?: readonly string[];
}

/** Tells of what makes data ready, and of the change after that, which are two runs. Sets the exit code where `act` fails. */
export async function twoRuns(
  json: boolean,
  act: (runs: Pick<RestoreRequest, 'follows' | 'emit' | 'signal'>) => Promise<Ended>,
): Promise<void> {
  const to = { out: process.stdout, paint: colours(process.stdout), env: process.env };
  const change = json ? jsonReporter(to) : personReporter(to);
  const stage = json ? change : personReporter(to, steps);
  let now = stage;
  using interrupt = interruptible(() => now.stopping());
  try {
    const {
      revision,
      result,
      said = [],
    } = await act({
      follows: (desired, what) => {
        if (what === 'change' && now !== change) {
          stage.done(null);
          now = change;
        }
        now.follows(desired);
      },
      emit: (event) => now.event(event),
      signal: interrupt.signal,
    });
    if (json && result) to.out.write(`${JSON.stringify({ at: Date.now(), ...result })}\n`);
    now.done(revision);
    if (!json) for (const line of said) to.out.write(`${line}\n`);
  } catch (error) {
    if (!now.failed(error)) throw error;
    process.exitCode = 1;
  }
}
