import { createInterface } from 'node:readline/promises';
import { KollageError } from '../model/error.ts';
import type { Confirm } from '../operate/hooks.ts';
import type { Reporter } from './live/reporter.ts';
import { harmless } from './live/text.ts';

/** Whether a person at the terminal types yes. KLG-901 where nobody can answer; `who` is what asks. */
export async function saysYes(who: string, question: string): Promise<boolean> {
  if (!process.stdin.isTTY) {
    const message = `${who} asks before it acts, and nobody can answer here`;
    throw new KollageError({ code: 'KLG-901', message, next: 'Give --yes.' });
  }
  return typesYes(question);
}

/** How hooks ask in the middle of a run: `yes` answers for all of them; null where nobody sees the question, or can answer. */
export function confirming(reporter: Reporter, { yes, json }: { yes?: true; json?: true }): Confirm {
  if (yes) return async () => true;
  if (json || !process.stdin.isTTY || !process.stdout.isTTY) return null;
  // What is asked for at the same time is asked one after the other.
  let last: Promise<unknown> = Promise.resolve();
  return (question, signal) => {
    const answer = last.then(() => reporter.aside(() => typesYes(question, signal)));
    last = answer.catch(() => undefined);
    return answer;
  };
}

/** Ctrl-C is for the whole command, also while it is asked; the signal ends the question, and the answer is no. */
async function typesYes(question: string, signal?: AbortSignal): Promise<boolean> {
  const reader = createInterface({ input: process.stdin, output: process.stdout });
  reader.on('SIGINT', () => process.kill(process.pid, 'SIGINT'));
  try {
    return (
      (await reader.question(`${harmless(question)} Type yes: `, { ...(signal && { signal }) })).trim() ===
      'yes'
    );
  } catch (error) {
    if (signal?.aborted) return false;
    throw error;
  } finally {
    reader.close();
  }
}
