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

/**
 * Asks each API for its list of versions every 50 ms until the signal, and gives for how long it did not answer: from the last answer before a
 * failure to the first one after it.
 */
export async function downtime(signal: AbortSignal): Promise<Downtime[]> {
  const names = Object.keys(apis) as Api[];
  return Promise.all(names.map((api) => watch(api, signal)));
}

async function watch(api: Api, signal: AbortSignal): Promise<Downtime> {
  let [asked, failed, away, longest, good, out] = [0, 0, 0, 0, Date.now(), false];
  while (!signal.aborted) {
    const began = Date.now();
    asked++;
    if (await answers(apis[api])) {
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

function answers(url: string): Promise<boolean> {
  return new Promise((resolve) => {
    const asked = request(`${url}/`, { agent, timeout: patience }, (answer) => {
      answer.resume();
      answer.on('close', () => resolve((answer.statusCode ?? 500) < 500));
    });
    asked.on('timeout', () => asked.destroy());
    asked.on('error', () => resolve(false));
    asked.end();
  });
}
