import { Agent, request } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { type Api, apis } from './cloud.ts';

/** Milliseconds between two questions to one API, and that an answer may take. */
const every = 50;
const patience = 2000;

export interface Downtime {
  readonly api: Api;
  readonly asked: number;
  readonly failed: number;
  /** Milliseconds without an answer: all together, and the longest time at once. */
  readonly away: number;
  readonly longest: number;
}

/** Whether what is at a URL answers. */
type Answers = (url: string) => Promise<boolean>;

/**
 * Asks each API for its list of versions every 50 ms until the signal, and gives for how long it did not answer: from the last answer before a
 * failure to the first one after it.
 */
export async function downtime(
  signal: AbortSignal,
  names = Object.keys(apis) as Api[],
  answers: Answers = answersHere,
): Promise<Downtime[]> {
  return Promise.all(names.map((api) => watch(api, signal, answers)));
}

/** What was seen, in lines for people. */
export function told(seen: readonly Downtime[]): string {
  return seen
    .map(
      ({ api, away, longest, failed, asked }) =>
        `  ${api}: away ${away / 1000} s, at once ${longest / 1000} s, ${failed} of ${asked} unanswered\n`,
    )
    .join('');
}

async function watch(api: Api, signal: AbortSignal, answers: Answers): Promise<Downtime> {
  let [asked, failed, away, longest, good, out] = [0, 0, 0, 0, Date.now(), false];
  while (!signal.aborted) {
    const began = Date.now();
    asked++;
    if (await answers(`${apis[api]}/`)) {
      const now = Date.now();
      if (out) {
        away += now - good;
        longest = Math.max(longest, now - good);
      }
      [good, out] = [now, false];
    } else {
      failed++;
      out = true;
    }
    await pause(Math.max(0, every - (Date.now() - began)));
  }
  return { api, asked, failed, away, longest };
}

const agent = new Agent({ keepAlive: false });

function answersHere(url: string): Promise<boolean> {
  return new Promise((resolve) => {
    const asked = request(url, { agent, timeout: patience }, (answer) => {
      answer.resume();
      answer.on('close', () => resolve((answer.statusCode ?? 500) < 500));
    });
    asked.on('timeout', () => asked.destroy());
    asked.on('error', () => resolve(false));
    asked.end();
  });
}
