import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { z } from 'zod';
import { type Call, call, type TaskInfo } from './calls.ts';
import { attributesOf, resourcesOf } from './resources.ts';

/*
 * Stands in for Mesos, of which no package is to be had: masters and agents that speak the v1 scheduler API as the sources have it (apache/mesos,
 * src/master/http.cpp, master.cpp, validation.cpp, src/slave/task_status_update_manager.cpp), and refuse what these refuse, in their words. Tasks really
 * run, by an executor that the test chooses. What is quicker here than there: heartbeats, and how soon what is not acknowledged is told again.
 */

/** A task that an agent runs. */
export interface Running {
  /** It has begun; at once, where nothing is said. */
  readonly started?: Promise<unknown>;
  readonly ended: Promise<{ readonly code: number; readonly message: string }>;
  readonly kill: () => Promise<void>;
}

export interface AgentOptions {
  readonly hostname: string;
  readonly attributes?: Readonly<Record<string, string>>;
  readonly cpus?: number;
  readonly mem?: number;
  readonly id?: string;
  readonly ports?: readonly (readonly [first: number, last: number])[];
}

interface Agent extends Required<AgentOptions> {
  reachable: boolean;
}

interface Task {
  readonly info: TaskInfo;
  readonly agent: Agent;
  readonly framework: string;
  running: Running | null;
  /** What was told of it, and not yet acknowledged, the oldest first: only that is told, again and again. */
  readonly updates: { readonly state: string; readonly uuid: string; readonly message: string }[];
  state: string;
  killed: boolean;
}

interface Framework {
  readonly id: string;
  readonly name: string;
  stream: { readonly id: string; readonly response: ServerResponse } | null;
  suppressed: boolean;
  /** Until when what an agent has is not offered again. */
  readonly refused: Map<string, number>;
}

const terminal = new Set(['TASK_FINISHED', 'TASK_FAILED', 'TASK_KILLED', 'TASK_ERROR']);

/** Milliseconds. */
const turn = 50;
const retold = 400;

export interface ClusterOptions {
  readonly agents: readonly AgentOptions[];
  readonly executor: (task: TaskInfo, host: string, framework: string) => Running;
  readonly masters?: number;
  /** Seconds. */
  readonly heartbeat?: number;
  /** Who may register; anybody when not given. */
  readonly principal?: { readonly name: string; readonly secret: string };
  /** Where masters listen. */
  readonly address?: string;
  /** What an agent has left, where others than the frameworks here use it too. */
  readonly free?: (hostname: string) => { readonly cpus: number; readonly mem: number };
  /** Answers the one that leads to what is not about frameworks, where it knows what is asked. */
  readonly operate?: (asked: OperatorRequest) => OperatorAnswer | null;
}

export interface OperatorRequest {
  readonly method: string;
  readonly path: string;
  readonly type: string | undefined;
  readonly text: string;
}

export interface OperatorAnswer {
  readonly status: number;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export class MesosStandIn implements AsyncDisposable {
  /** Calls that came through, by type. */
  readonly calls: string[] = [];
  /** Every launch that reached an agent. */
  readonly launched: string[] = [];
  readonly #options: ClusterOptions;
  readonly #servers: Server[] = [];
  readonly #agents: Agent[];
  readonly #frameworks = new Map<string, Framework>();
  readonly #removed = new Set<string>();
  readonly #tasks = new Map<string, Task>();
  readonly #offers = new Map<string, { agent: Agent; framework: string; cpus: number; mem: number }>();
  readonly #timers: NodeJS.Timeout[] = [];
  #leader = 0;
  #mute = false;
  #recovering = false;
  #lose: { type: string; when: 'before' | 'after' | 'silently' } | null = null;

  private constructor(options: ClusterOptions) {
    this.#options = options;
    this.#agents = options.agents.map((one, at) => ({
      attributes: {},
      cpus: 2,
      mem: 4096,
      ports: [[31_000, 32_000]],
      id: `agent-S${at}`,
      ...one,
      reachable: true,
    }));
  }

  static async start(options: ClusterOptions): Promise<MesosStandIn> {
    const made = new MesosStandIn(options);
    for (let at = 0; at < (options.masters ?? 1); at++) {
      const server = createServer((request, response) => void made.#serve(at, request, response));
      server.listen(0, options.address ?? '127.0.0.1');
      await once(server, 'listening');
      made.#servers.push(server);
    }
    made.#timers.push(setInterval(() => made.#offer(), turn));
    made.#timers.push(setInterval(() => made.#retell(), retold));
    const heartbeat = (options.heartbeat ?? 15) * 1000;
    made.#timers.push(setInterval(() => made.#beat(), heartbeat));
    return made;
  }

  get masters(): string[] {
    return this.#servers.map((server) => `http://${this.#hostOf(server)}`);
  }

  get frameworks(): readonly { readonly id: string; readonly name: string }[] {
    return [...this.#frameworks.values()];
  }

  /** What an agent has left was taken by somebody else: nobody may use what was offered of it. */
  rescind(hostname: string): void {
    for (const [id, { agent, framework }] of this.#offers) {
      if (agent.hostname !== hostname) continue;
      this.#offers.delete(id);
      const stream = this.#frameworks.get(framework)?.stream;
      if (stream && !this.#mute)
        write(stream.response, { type: 'RESCIND', rescind: { offer_id: { value: id } } });
    }
  }

  /** All streams break. */
  cut(): void {
    for (const framework of this.#frameworks.values()) framework.stream?.response.destroy();
  }

  /** The next call of this type is lost before it is carried out, or its answer is after; or it is never answered, on a connection that stays. */
  lose(type: Call['type'], when: 'before' | 'after' | 'silently'): void {
    this.#lose = { type, when };
  }

  /** The master goes silent, and nobody is told. */
  mute(): void {
    this.#mute = true;
  }

  unmute(): void {
    this.#mute = false;
  }

  /** Another master leads. It knows frameworks and tasks once the agents have come back to it, which they do when `recover` is called. */
  failOver(): void {
    this.#leader = (this.#leader + 1) % this.#servers.length;
    this.#recovering = true;
    this.#offers.clear();
    this.cut();
  }

  recover(): void {
    this.#recovering = false;
  }

  /** Nobody leads for a while. */
  depose(): void {
    this.#leader = -1;
    this.cut();
  }

  elect(at: number): void {
    this.#leader = at;
  }

  /** An agent is not seen any more; what it runs goes on, and it can come back. */
  partition(hostname: string): void {
    const agent = this.#agent(hostname);
    agent.reachable = false;
    for (const task of this.#tasksOn(agent))
      this.#send(
        task.framework,
        this.#status(task, 'TASK_UNREACHABLE', 'Agent is unreachable', 'REASON_AGENT_REMOVED'),
      );
  }

  heal(hostname: string): void {
    const agent = this.#agent(hostname);
    agent.reachable = true;
    for (const task of this.#tasksOn(agent))
      this.#send(task.framework, this.#status(task, task.state, 'Reconciliation: Latest task state'));
  }

  /** A framework was away for too long. */
  async remove(id: string): Promise<void> {
    for (const task of [...this.#tasks.values()].filter(({ framework }) => framework === id)) {
      await task.running?.kill();
      this.#tasks.delete(task.info.task_id.value);
    }
    this.#frameworks.get(id)?.stream?.response.destroy();
    this.#frameworks.delete(id);
    this.#removed.add(id);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    const running = [...this.#tasks.values()].map(({ running }) => running);
    await Promise.all(running.map((one) => one?.kill()));
    await Promise.all(running.map((one) => one?.ended));
    for (const server of this.#servers) {
      server.closeAllConnections();
      server.close();
    }
  }

  async #serve(at: number, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const text = await bodyOf(request);
    const answer = (status: number, body = '', headers: Record<string, string> = {}) =>
      void response.writeHead(status, headers).end(body);
    if (request.url !== '/api/v1/scheduler') return this.#operate(at, request, text, answer);
    const { principal } = this.#options;
    if (principal) {
      const wanted = Buffer.from(`${principal.name}:${principal.secret}`).toString('base64');
      if (request.headers.authorization !== `Basic ${wanted}`)
        return answer(401, '', { 'WWW-Authenticate': 'Basic realm="mesos-master-scheduler"' });
    }
    if (this.#leader < 0) return answer(503, 'No leader elected');
    if (at !== this.#leader) {
      return answer(307, '', { Location: `//${this.#hostOf(this.#servers[this.#leader])}/api/v1/scheduler` });
    }
    if (request.method !== 'POST')
      return answer(405, `Expecting one of { 'POST' }, but received '${request.method}'`, { Allow: 'POST' });
    const type = request.headers['content-type'];
    if (type === undefined) return answer(400, "Expecting 'Content-Type' to be present");
    if (type !== 'application/json')
      return answer(415, "Expecting 'Content-Type' of application/json or application/x-protobuf");
    let json: unknown;
    try {
      json = JSON.parse(text);
    } catch (error) {
      return answer(400, `Failed to parse body into JSON: ${String(error)}`);
    }
    const parsed = call.safeParse(json);
    if (!parsed.success)
      return answer(400, `Failed to convert JSON into Call protobuf: ${z.prettifyError(parsed.error)}`);
    const { data } = parsed;
    if (this.#lose?.type === data.type) {
      const { when } = this.#lose;
      this.#lose = null;
      if (when === 'after') this.#carryOut(data, request, () => undefined);
      if (when !== 'silently') response.destroy();
      return;
    }
    if (data.type === 'SUBSCRIBE') return this.#subscribe(data, request, response);
    this.#carryOut(data, request, answer);
  }

  /** Of who leads; others send on to it, `/redirect` to nothing but itself (Master::Http::redirect). */
  #operate(
    at: number,
    { method = 'GET', url = '', headers }: IncomingMessage,
    text: string,
    answer: (status: number, body?: string, headers?: Record<string, string>) => void,
  ): void {
    const path = url.replace(/\?.*$/, '').replace(/^\/master(?=\/)/, '');
    if (this.#leader < 0) answer(503, 'No leader elected');
    else if (path === '/redirect' || at !== this.#leader)
      answer(307, '', {
        Location: `//${this.#hostOf(this.#servers[this.#leader])}${path === '/redirect' ? '' : url}`,
      });
    else {
      const found = this.#options.operate?.({ method, path, type: headers['content-type'], text });
      if (found) answer(found.status, found.body, found.headers);
      else answer(404);
    }
  }

  #hostOf(server: Server | undefined): string {
    return `${this.#options.address ?? '127.0.0.1'}:${server ? portOf(server) : 0}`;
  }

  #subscribe(
    data: Extract<Call, { type: 'SUBSCRIBE' }>,
    request: IncomingMessage,
    response: ServerResponse,
  ): void {
    const info = data.subscribe.framework_info;
    const wrong =
      request.headers['mesos-stream-id'] === undefined
        ? info.id?.value === data.framework_id?.value
          ? null
          : "Failed to validate scheduler::Call: 'framework_id' differs from 'subscribe.framework_info.id'"
        : "Subscribe calls should not include the 'Mesos-Stream-Id' header";
    if (wrong !== null) {
      response.writeHead(400).end(wrong);
      return;
    }
    const id = info.id?.value ?? `${randomUUID()}-0000`;
    const stream = { id: randomUUID(), response };
    response.writeHead(200, { 'Content-Type': 'application/json', 'Mesos-Stream-Id': stream.id });
    this.calls.push('SUBSCRIBE');
    if (this.#removed.has(id)) {
      write(response, { type: 'ERROR', error: { message: 'Framework has been removed' } });
      response.end();
      return;
    }
    const there = this.#frameworks.get(id);
    if (there?.stream) {
      write(there.stream.response, { type: 'ERROR', error: { message: 'Framework failed over' } });
      there.stream.response.end();
    }
    const { name } = info;
    const framework = { id, name, stream, suppressed: false, refused: new Map<string, number>() };
    this.#frameworks.set(id, framework);
    for (const [offer, { framework: whose }] of this.#offers) if (whose === id) this.#offers.delete(offer);
    response.on('close', () => {
      const now = this.#frameworks.get(id);
      if (now?.stream !== stream) return;
      now.stream = null;
      for (const [offer, { framework: whose }] of this.#offers) if (whose === id) this.#offers.delete(offer);
    });
    const heartbeat_interval_seconds = this.#options.heartbeat ?? 15;
    write(response, {
      type: 'SUBSCRIBED',
      subscribed: { framework_id: { value: id }, heartbeat_interval_seconds },
    });
    write(response, { type: 'HEARTBEAT' });
  }

  #carryOut(data: Call, request: IncomingMessage, answer: (status: number, body?: string) => void): void {
    if (data.type === 'SUBSCRIBE') return;
    const framework = this.#frameworks.get(data.framework_id.value);
    const refused = refusal(framework, request.headers['mesos-stream-id']);
    if (framework === undefined || refused !== null) {
      if (refused) answer(refused[0], refused[1]);
      return;
    }
    this.calls.push(data.type);
    answer(202);
    if (data.type === 'ACCEPT') this.#accept(framework, data.accept);
    else if (data.type === 'DECLINE') this.#decline(framework, data.decline);
    else if (data.type === 'REVIVE') {
      framework.suppressed = false;
      framework.refused.clear();
    } else if (data.type === 'SUPPRESS') framework.suppressed = true;
    else if (data.type === 'KILL') this.#kill(framework, data.kill.task_id.value);
    else if (data.type === 'ACKNOWLEDGE')
      this.#acknowledge(data.acknowledge.task_id.value, data.acknowledge.uuid);
    else
      this.#reconcile(
        framework,
        data.reconcile.tasks.map(({ task_id }) => task_id.value),
      );
  }

  #accept(
    framework: Framework,
    { offer_ids, operations }: Extract<Call, { type: 'ACCEPT' }>['accept'],
  ): void {
    const [id] = offer_ids;
    const offer = id && this.#offers.get(id.value);
    const infos = operations.flatMap(({ launch }) => launch.task_infos);
    if (!offer || offer.framework !== framework.id) {
      for (const info of infos)
        this.#send(framework.id, {
          task_id: info.task_id,
          agent_id: info.agent_id,
          state: 'TASK_DROPPED',
          source: 'SOURCE_MASTER',
          reason: 'REASON_INVALID_OFFERS',
          message: `Task launched with invalid offers: Offer ${id?.value} is no longer valid`,
        });
      return;
    }
    this.#offers.delete(id.value);
    for (const info of infos) this.#launch(framework, offer, info);
  }

  #launch(framework: Framework, offer: { agent: Agent; cpus: number; mem: number }, info: TaskInfo): void {
    const { agent } = offer;
    const wrong = this.#wrong(offer, info);
    if (wrong !== null) {
      this.#send(framework.id, {
        task_id: info.task_id,
        agent_id: info.agent_id,
        state: 'TASK_ERROR',
        source: 'SOURCE_MASTER',
        reason: 'REASON_TASK_INVALID',
        message: wrong,
      });
      return;
    }
    const task: Task = {
      info,
      agent,
      framework: framework.id,
      running: null,
      updates: [],
      state: 'TASK_STAGING',
      killed: false,
    };
    this.#tasks.set(info.task_id.value, task);
    this.launched.push(info.task_id.value);
    task.running = this.#options.executor(info, agent.hostname, framework.id);
    this.#update(task, 'TASK_STARTING');
    const { started = Promise.resolve() } = task.running;
    void started.then(
      () => {
        if (!terminal.has(task.state)) this.#update(task, 'TASK_RUNNING');
      },
      () => undefined,
    );
    void task.running.ended.then(({ code, message }) => {
      if (task.killed) this.#update(task, 'TASK_KILLED', 'Container exited with status 137');
      else if (code === 0) this.#update(task, 'TASK_FINISHED');
      else
        this.#update(
          task,
          'TASK_FAILED',
          `Container exited with status ${code}${message ? `: ${message}` : ''}`,
        );
    });
  }

  /** src/master/validation.cpp: task::validate. */
  #wrong({ agent, ...offered }: { agent: Agent; cpus: number; mem: number }, info: TaskInfo): string | null {
    const id = info.task_id.value;
    if (this.#tasks.has(id)) return `Task has duplicate ID: ${id}`;
    if (id.includes('/')) return `TaskID '${id}' contains invalid characters`;
    if (info.agent_id.value !== agent.id)
      return `Task uses invalid agent ${info.agent_id.value} while agent ${agent.id} is expected`;
    if (info.resources.some(({ allocation_info }) => allocation_info === undefined))
      return 'Task uses invalid resources: The resources are not allocated to a role';
    const of = (name: string) =>
      info.resources.reduce((sum, one) => sum + (one.name === name ? one.scalar.value : 0), 0);
    if (of('cpus') > offered.cpus || of('mem') > offered.mem)
      return `Task uses more resources cpus:${of('cpus')}; mem:${of('mem')} than available cpus:${offered.cpus}; mem:${offered.mem}`;
    return null;
  }

  #decline(
    framework: Framework,
    { offer_ids, filters }: Extract<Call, { type: 'DECLINE' }>['decline'],
  ): void {
    for (const { value } of offer_ids) {
      const offer = this.#offers.get(value);
      this.#offers.delete(value);
      if (offer) framework.refused.set(offer.agent.id, Date.now() + (filters?.refuse_seconds ?? 5) * 1000);
    }
  }

  #kill(framework: Framework, id: string): void {
    const task = this.#tasks.get(id);
    // What is not known, or cannot be asked, is told as it is (src/master/master.cpp: Master::kill).
    if (task === undefined || !task.agent.reachable) {
      this.#reconcile(framework, [id]);
      return;
    }
    task.killed = true;
    void task.running?.kill();
  }

  #acknowledge(id: string, uuid: string): void {
    const task = this.#tasks.get(id);
    const [first] = task?.updates ?? [];
    if (task === undefined || first?.uuid !== uuid) return;
    task.updates.shift();
    if (terminal.has(first.state)) this.#tasks.delete(id);
    else this.#tell(task);
  }

  #reconcile(framework: Framework, ids: readonly string[]): void {
    const asked = ids.length > 0 ? ids : [...this.#tasks.keys()];
    for (const id of asked) {
      const task = this.#tasks.get(id);
      if (task && !this.#recovering)
        this.#send(
          framework.id,
          task.agent.reachable
            ? this.#status(task, task.state, 'Reconciliation: Latest task state')
            : this.#status(task, 'TASK_UNREACHABLE', 'Reconciliation: Task is unreachable'),
        );
      // Whether an agent has it that has not come back yet, nobody knows: no answer.
      else if (!this.#recovering)
        this.#send(framework.id, {
          task_id: { value: id },
          state: 'TASK_UNKNOWN',
          source: 'SOURCE_MASTER',
          reason: 'REASON_RECONCILIATION',
          message: 'Reconciliation: Task is unknown',
        });
    }
  }

  #update(task: Task, state: string, message = ''): void {
    task.state = state;
    task.updates.push({ state, uuid: Buffer.from(randomUUID()).toString('base64'), message });
    if (task.updates.length === 1) this.#tell(task);
  }

  #tell(task: Task): void {
    const [first] = task.updates;
    if (first && task.agent.reachable && !this.#recovering)
      this.#send(task.framework, {
        ...this.#status(task, first.state, first.message, null),
        uuid: first.uuid,
      });
  }

  #retell(): void {
    for (const task of this.#tasks.values()) this.#tell(task);
  }

  #status(
    task: Task,
    state: string,
    message: string,
    reason: string | null = 'REASON_RECONCILIATION',
  ): object {
    return {
      task_id: task.info.task_id,
      agent_id: { value: task.agent.id },
      state,
      source: reason === null ? 'SOURCE_EXECUTOR' : 'SOURCE_MASTER',
      ...(reason !== null && { reason }),
      ...(message !== '' && { message }),
    };
  }

  #offer(): void {
    if (this.#mute || this.#recovering) return;
    for (const framework of this.#frameworks.values()) {
      if (framework.stream === null || framework.suppressed) continue;
      const offers = this.#agents.flatMap((agent) => {
        const isOffered = [...this.#offers.values()].some((offer) => offer.agent === agent);
        const isRefused = (framework.refused.get(agent.id) ?? 0) > Date.now();
        const free = this.#free(agent);
        if (!agent.reachable || isOffered || isRefused || free.cpus <= 0) return [];
        const id = `offer-O${randomUUID()}`;
        this.#offers.set(id, { agent, framework: framework.id, ...free });
        return [this.#asOffer(id, framework, agent, free)];
      });
      if (offers.length > 0) write(framework.stream.response, { type: 'OFFERS', offers: { offers } });
    }
  }

  #asOffer(
    id: string,
    { id: framework }: Framework,
    agent: Agent,
    free: { cpus: number; mem: number },
  ): object {
    const allocation_info = { role: 'kollage' };
    return {
      allocation_info,
      id: { value: id },
      framework_id: { value: framework },
      agent_id: { value: agent.id },
      hostname: agent.hostname,
      resources: resourcesOf({ ...free, ports: agent.ports }).map((one) => ({ ...one, allocation_info })),
      attributes: attributesOf(agent.attributes),
    };
  }

  #free(agent: Agent): { cpus: number; mem: number } {
    const { free } = this.#options;
    if (free) return free(agent.hostname);
    const used = (name: string) =>
      this.#tasksOn(agent).reduce(
        (sum, { info, state }) =>
          terminal.has(state)
            ? sum
            : sum + (info.resources.find((one) => one.name === name)?.scalar.value ?? 0),
        0,
      );
    return { cpus: agent.cpus - used('cpus'), mem: agent.mem - used('mem') };
  }

  #send(framework: string, status: object): void {
    const stream = this.#frameworks.get(framework)?.stream;
    if (stream && !this.#mute) write(stream.response, { type: 'UPDATE', update: { status } });
  }

  #beat(): void {
    if (this.#mute) return;
    for (const { stream } of this.#frameworks.values())
      if (stream) write(stream.response, { type: 'HEARTBEAT' });
  }

  #agent(hostname: string): Agent {
    const found = this.#agents.find((one) => one.hostname === hostname);
    if (!found) throw new Error(`no agent ${hostname}`);
    return found;
  }

  #tasksOn(agent: Agent): Task[] {
    return [...this.#tasks.values()].filter((task) => task.agent === agent);
  }
}

/** Why a call that is no SUBSCRIBE is not taken (Master::Http::scheduler). */
function refusal(
  framework: Framework | undefined,
  stream: string | string[] | undefined,
): [number, string] | null {
  if (framework === undefined) return [400, 'Framework cannot be found'];
  if (framework.stream === null) return [403, 'Framework is not subscribed'];
  if (stream === undefined)
    return [400, "All non-subscribe calls should include the 'Mesos-Stream-Id' header"];
  if (stream === framework.stream.id) return null;
  return [
    400,
    `The stream ID '${stream}' included in this request didn't match the stream ID currently associated with framework ID ${framework.id}`,
  ];
}

/** As RecordIO, in chunks that have nothing to do with records. */
function write(response: ServerResponse, event: object): void {
  const body = Buffer.from(JSON.stringify(event));
  const bytes = Buffer.concat([Buffer.from(`${body.length}\n`), body]);
  const cut = 1 + Math.floor(Math.random() * (bytes.length - 1));
  response.write(bytes.subarray(0, cut));
  response.write(bytes.subarray(cut));
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  return Buffer.concat(pieces).toString();
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}
