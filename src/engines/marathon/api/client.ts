import { z } from 'zod';
import { basic, type Fetch, followed, Http } from '../../../mesos/http.ts';
import { KollageError, messageOf } from '../../../model/error.ts';
import { MarathonError, UnreachableError } from './errors.ts';
import { type ServerEvent, serverEvents } from './server-events.ts';

export interface MarathonOptions {
  /** URLs of Marathons; each hands requests on to the one that leads. */
  readonly servers: readonly string[];
  /** HTTP basic authentication (`--http_credentials`). */
  readonly credentials?: { readonly user: string; readonly password: string };
  /** Milliseconds that a request waits for one that answers. */
  readonly patience?: number;
  readonly fetch?: Fetch;
}

const deploymentResult = z.looseObject({ deploymentId: z.string(), version: z.string() });
const deployments = z.array(z.looseObject({ id: z.string(), affectedApps: z.array(z.string()).default([]) }));
const versioned = z.looseObject({ version: z.string() });

export type DeploymentResult = z.infer<typeof deploymentResult>;

/** Statuses of one that has lost its leader, or is just losing it: another one may answer, or this one soon. */
const passing = new Set([502, 503, 504]);

/** Requests to Marathon's v2 API. Throws MarathonError and UnreachableError, and KLG-562 and 565 where it is not trusted, or does not trust us. */
export class MarathonClient {
  readonly #options: Required<Pick<MarathonOptions, 'patience' | 'fetch'>> & MarathonOptions;
  /** Who answered last. */
  #at = 0;

  constructor(options: MarathonOptions) {
    this.#options = { patience: 30_000, fetch: new Http().fetch, ...options };
  }

  /** What is there; null where it is not. */
  async look(path: string, signal: AbortSignal): Promise<unknown> {
    return this.#orMissing(() => this.#json('GET', path, signal));
  }

  /** Makes an app or a group what it shall be. `force`: whatever deployment is under way is given up for it. */
  async put(path: string, body: object, force: boolean, signal: AbortSignal): Promise<DeploymentResult> {
    return deploymentResult.parse(await this.#json('PUT', `${path}?force=${force}`, signal, body));
  }

  /** Takes an app or a group away; null where it is not there. */
  async remove(path: string, force: boolean, signal: AbortSignal): Promise<DeploymentResult | null> {
    const gone = await this.#orMissing(() => this.#json('DELETE', `${path}?force=${force}`, signal));
    return gone === null ? null : deploymentResult.parse(gone);
  }

  /** Kills a task, in whose place another one comes; nothing where it is not there. */
  async killTask(app: string, task: string, signal: AbortSignal): Promise<void> {
    await this.#orMissing(() => this.#json('DELETE', `/v2/apps${app}/tasks/${task}`, signal));
  }

  /** When what is in force of a group was put there; null where it is not there. */
  async groupVersion(id: string, signal: AbortSignal): Promise<string | null> {
    const found = await this.look(`/v2/groups${id}`, signal);
    return found === null ? null : versioned.parse(found).version;
  }

  /** The deployments that are under way. */
  async deployments(signal: AbortSignal): Promise<z.infer<typeof deployments>> {
    return deployments.parse(await this.#json('GET', '/v2/deployments', signal));
  }

  /** Begins a deployment that takes another one back; null where that one is not under way any more. */
  async revert(deployment: string, signal: AbortSignal): Promise<DeploymentResult | null> {
    const begun = await this.#orMissing(() => this.#json('DELETE', `/v2/deployments/${deployment}`, signal));
    return begun === null ? null : deploymentResult.parse(begun);
  }

  /** Events of these types from now on, until the stream ends. `opened` is called when nothing is missed any more. */
  async *events(
    types: readonly string[],
    opened: () => void,
    signal: AbortSignal,
  ): AsyncGenerator<ServerEvent> {
    const query = types.map((type) => `event_type=${type}`).join('&');
    const answer = await this.#ask('GET', `/v2/events?${query}`, signal, undefined, 'text/event-stream');
    if (answer.body === null) return;
    opened();
    yield* serverEvents(answer.body);
  }

  async #orMissing<T>(request: () => Promise<T>): Promise<T | null> {
    try {
      return await request();
    } catch (error) {
      if (error instanceof MarathonError && error.status === 404) return null;
      throw error;
    }
  }

  async #json(method: string, path: string, signal: AbortSignal, body?: object): Promise<unknown> {
    return (await this.#ask(method, path, signal, body)).json();
  }

  /**
   * The answer of the first that gives one. A change is only made again where it was not begun, for the answer of one that broke may be lost: making a
   * group what it shall be, taking it away and taking back may be done twice.
   */
  async #ask(
    method: string,
    path: string,
    signal: AbortSignal,
    body?: object,
    accept = 'application/json',
  ): Promise<Response> {
    const { servers, credentials, patience, fetch } = this.#options;
    const end = performance.now() + patience;
    for (;;) {
      const server = servers[this.#at % servers.length] ?? '';
      let trouble: string;
      try {
        // Followers send on who wants events.
        const answer = await followed(fetch, `${server}${path}`, {
          method,
          signal,
          headers: {
            Accept: accept,
            ...(body && { 'Content-Type': 'application/json' }),
            ...(credentials && basic(credentials.user, credentials.password)),
          },
          ...(body && { body: JSON.stringify(body) }),
        });
        if (answer.ok) return answer;
        const said = await answer.text();
        if (!passing.has(answer.status)) throw new MarathonError(answer.status, said);
        trouble = new MarathonError(answer.status, said).message;
      } catch (error) {
        if (error instanceof MarathonError || error instanceof KollageError || signal.aborted) throw error;
        trouble = messageOf(error);
      }
      this.#at++;
      if (performance.now() > end)
        throw new UnreachableError(`Marathon at ${server} does not answer: ${trouble}`);
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}
