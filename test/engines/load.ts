import { setTimeout as pause } from 'node:timers/promises';

/** What became of the requests that were sent. */
export interface Load {
  /** Requests that were answered as they should be. */
  readonly answered: number;
  /** What became of the others, with how often. */
  readonly failures: Readonly<Record<string, number>>;
}

export interface Asking {
  readonly url: string;
  readonly request?: RequestInit;
  /** Whether this is the answer that there should be. */
  readonly accepts?: (response: Response) => boolean | Promise<boolean>;
  /** Milliseconds from one request to the next, whether or not that one is answered; 0: the next follows the answer. */
  readonly every: number;
}

/** Sends requests until the work has ended, and tells what became of each; at least one. */
export async function whileAsking(asked: readonly Asking[], work: () => Promise<unknown>): Promise<Load[]> {
  const ended = new AbortController();
  const loads = asked.map((asking) => ask(asking, ended.signal));
  try {
    await work();
  } finally {
    ended.abort();
  }
  return Promise.all(loads);
}

async function ask({ url, request, accepts, every }: Asking, ended: AbortSignal): Promise<Load> {
  let answered = 0;
  const failures: Record<string, number> = {};
  const one = async () => {
    const what = await outcome(url, request, accepts);
    if (what === null) answered++;
    else failures[what] = (failures[what] ?? 0) + 1;
  };
  const open = new Set<Promise<void>>();
  do {
    const sent = one().finally(() => open.delete(sent));
    open.add(sent);
    await (every === 0 ? sent : pause(every));
  } while (!ended.aborted);
  await Promise.all(open);
  return { answered, failures };
}

/** Null when the request was answered as it should be. */
async function outcome(
  url: string,
  request: RequestInit | undefined,
  accepts: Asking['accepts'] = ({ ok }) => ok,
): Promise<string | null> {
  try {
    const response = await fetch(url, request);
    const good = await accepts(response);
    if (!response.bodyUsed) await response.arrayBuffer();
    return good ? null : `HTTP ${response.status}`;
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    return cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
  }
}
