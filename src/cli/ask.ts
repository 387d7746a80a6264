import { createInterface } from 'node:readline/promises';
import { KollageError } from '../model/error.ts';

/** Whether a person at the terminal types yes. KLG-901 where nobody can answer; `who` is what asks. */
export async function saysYes(who: string, question: string): Promise<boolean> {
  if (!process.stdin.isTTY) {
    const message = `${who} asks before it acts, and nobody can answer here`;
    throw new KollageError({ code: 'KLG-901', message, next: 'Give --yes.' });
  }
  const reader = createInterface({ input: process.stdin, output: process.stdout });
  try {
    return (await reader.question(`${question} Type yes: `)).trim() === 'yes';
  } finally {
    reader.close();
  }
}
