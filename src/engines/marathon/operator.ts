import { z } from 'zod';
import { basic, followed } from '../../mesos/http.ts';
import type { Transport } from '../../mesos/transport.ts';
import { KollageError, messageOf } from '../../model/error.ts';
import { MarathonError, UnreachableError } from './api/errors.ts';

const resource = z.looseObject({
  name: z.string(),
  scalar: z.looseObject({ value: z.number() }).optional(),
});
const attribute = z.looseObject({
  name: z.string(),
  text: z.looseObject({ value: z.string() }).optional(),
});
const agent = z.looseObject({
  agent_info: z.looseObject({
    id: z.looseObject({ value: z.string() }),
    hostname: z.string(),
    resources: z.array(resource).default([]),
    attributes: z.array(attribute).default([]),
  }),
  active: z.boolean().default(false),
  /** `slave(1)@10.0.0.1:5051` */
  pid: z.string().default(''),
  total_resources: z.array(resource).default([]),
});
const agents = z.looseObject({ get_agents: z.looseObject({ agents: z.array(agent).default([]) }) });

const executor = z.looseObject({ id: z.string(), source: z.string().default(''), directory: z.string() });
const executors = z.looseObject({
  executors: z.array(executor).default([]),
  completed_executors: z.array(executor).default([]),
});
const agentState = z.looseObject({
  frameworks: z.array(executors).default([]),
  completed_frameworks: z.array(executors).default([]),
});
const piece = z.looseObject({ data: z.string(), offset: z.number() });

/** An agent as its master knows it. */
export interface Agent {
  readonly id: string;
  readonly hostname: string;
  readonly active: boolean;
  /** URL of its own API. */
  readonly url: string;
  readonly attributes: Readonly<Record<string, string>>;
  /** Bytes. */
  readonly memory: number;
  readonly cpus: number;
}

/** Milliseconds that one answer may take. */
const patience = 10_000;

/** Questions to Mesos itself: its masters' operator API, and what agents tell of a task's sandbox. Throws MarathonError, for a refusal, UnreachableError, and KLG-562 and 565. */
export class Operator {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** The agents that are registered, sorted by hostname (apache/mesos, operator-http-api.md, GET_AGENTS). */
  async agents(): Promise<readonly Agent[]> {
    const troubles: string[] = [];
    for (const master of this.#transport.mesos) {
      try {
        const answer = await this.#ask(`${master}/api/v1`, { type: 'GET_AGENTS' });
        return agents
          .parse(await answer.json())
          .get_agents.agents.map((one) => this.#agentOf(one))
          .sort((a, b) => (a.hostname < b.hostname ? -1 : 1));
      } catch (error) {
        if (error instanceof KollageError || (error instanceof MarathonError && error.status < 500))
          throw error;
        troubles.push(`${master}: ${messageOf(error)}`);
      }
    }
    throw new UnreachableError(`no Mesos master answers: ${troubles.join('; ')}`);
  }

  /** The sandbox of a task on an agent (apache/mesos, src/slave/http.cpp, state); null where the agent knows nothing of it any more. */
  async sandbox({ url }: Agent, task: string): Promise<string | null> {
    const state = agentState.parse(await (await this.#ask(`${url}/state`)).json());
    const all = [...state.frameworks, ...state.completed_frameworks].flatMap(
      ({ executors, completed_executors }) => [...executors, ...completed_executors],
    );
    return all.find(({ id, source }) => id === task || source === task)?.directory ?? null;
  }

  /** What a file on an agent holds from there on; null where it is not there (apache/mesos, src/files/files.cpp, read). */
  async read({ url }: Agent, path: string, offset: number): Promise<string | null> {
    const query = new URLSearchParams({ path, offset: String(offset), length: String(256 * 1024) });
    try {
      return piece.parse(await (await this.#ask(`${url}/files/read?${query}`)).json()).data;
    } catch (error) {
      if (error instanceof MarathonError && error.status === 404) return null;
      throw error;
    }
  }

  async #ask(url: string, body?: object): Promise<Response> {
    const { credentials, fetch } = this.#transport;
    const answer = await followed(fetch, url, {
      method: body ? 'POST' : 'GET',
      signal: AbortSignal.timeout(patience),
      headers: {
        Accept: 'application/json',
        ...(body && { 'Content-Type': 'application/json' }),
        ...(credentials && basic(credentials.user, credentials.password)),
      },
      ...(body && { body: JSON.stringify(body) }),
    });
    if (answer.ok) return answer;
    throw new MarathonError(answer.status, await answer.text());
  }

  #agentOf({ agent_info: info, active, pid, total_resources }: z.infer<typeof agent>): Agent {
    const all = total_resources.length > 0 ? total_resources : info.resources;
    const sum = (name: string) =>
      all.reduce((total, one) => total + (one.name === name ? (one.scalar?.value ?? 0) : 0), 0);
    return {
      id: info.id.value,
      hostname: info.hostname,
      active,
      url: this.#transport.agent(info.id.value, pid.slice(pid.indexOf('@') + 1)),
      attributes: Object.fromEntries(info.attributes.map(({ name, text }) => [name, text?.value ?? ''])),
      memory: sum('mem') * 1024 ** 2,
      cpus: sum('cpus'),
    };
  }
}
