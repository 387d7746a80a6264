import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AppDefinition, type GroupDefinition, groupSchema } from './schema.ts';
import { appsOf, groupViolations } from './validate.ts';

/*
 * Stands in for Marathon's v2 API, of which no package is to be had, as far as groups, deployments and events go: statuses, bodies, locking and events as the
 * sources have them (mesosphere/marathon: GroupsResource.scala, DeploymentsResource.scala, MarathonExceptionMapper.scala, Events.scala). It runs nothing: a test
 * says when a deployment ends, and how.
 */

interface Deployment {
  readonly id: string;
  readonly version: string;
  readonly apps: readonly string[];
  readonly group: string;
  /** What was in force before, to which it is taken back. */
  readonly before: Kept | null;
}

interface Kept {
  readonly group: GroupDefinition;
  readonly version: string;
}

export interface StandInOptions {
  readonly members?: number;
  readonly credentials?: { readonly user: string; readonly password: string };
}

export class MarathonStandIn implements AsyncDisposable {
  readonly #options: StandInOptions;
  readonly #servers: Server[] = [];
  readonly #groups = new Map<string, Kept>();
  readonly #deployments = new Map<string, Deployment>();
  readonly #streams = new Set<{ readonly response: ServerResponse; readonly types: readonly string[] }>();
  #leader: number | null = 0;
  #loseAnswers = 0;

  private constructor(options: StandInOptions) {
    this.#options = options;
  }

  static async start(options: StandInOptions = {}): Promise<MarathonStandIn> {
    const made = new MarathonStandIn(options);
    for (let at = 0; at < (options.members ?? 1); at++) {
      const server = createServer((request, response) => void made.#serve(request, response));
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      made.#servers.push(server);
    }
    return made;
  }

  get servers(): string[] {
    return this.#servers.map((server) => {
      const address = server.address();
      return `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`;
    });
  }

  get underWay(): string[] {
    return [...this.#deployments.keys()];
  }

  get streams(): number {
    return this.#streams.size;
  }

  /** A deployment ends as wanted. `silently`: nobody is told. */
  finish(id: string, silently = false): void {
    this.#end(id, 'deployment_success', silently);
  }

  /** Marathon gives a deployment up. */
  fail(id: string, reason: string): void {
    this.#end(id, 'deployment_failed', false, reason);
  }

  cutStreams(): void {
    for (const { response } of this.#streams) response.destroy();
  }

  /** Nobody leads for a while; who is asked says so, and all streams end. */
  depose(): void {
    this.#leader = null;
    this.cutStreams();
  }

  elect(at: number): void {
    this.#leader = at;
  }

  /** The next requests are carried out, and their answers lost. */
  loseAnswers(count: number): void {
    this.#loseAnswers = count;
  }

  async stop(at: number): Promise<void> {
    const server = this.#servers[at];
    server?.closeAllConnections();
    server?.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (let at = 0; at < this.#servers.length; at++) await this.stop(at);
  }

  #end(id: string, eventType: string, silently: boolean, reason?: string): void {
    const deployment = this.#deployments.get(id);
    if (deployment === undefined) throw new Error(`no deployment ${id} is under way`);
    this.#deployments.delete(id);
    if (!silently)
      this.#tell(eventType, { id, plan: planOf(deployment), ...(reason !== undefined && { reason }) });
  }

  #tell(eventType: string, content: object): void {
    const data = JSON.stringify({ ...content, eventType, timestamp: new Date().toISOString() });
    for (const { response, types } of this.#streams)
      if (types.length === 0 || types.includes(eventType))
        response.write(`event: ${eventType}\r\ndata: ${data}\r\n\r\n`);
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece as Buffer);
    const answer = (status: number, body?: object, headers: Record<string, string> = {}) => {
      if (this.#loseAnswers > 0) {
        this.#loseAnswers--;
        response.destroy();
        return;
      }
      response.writeHead(status, { 'Content-Type': 'application/json', ...headers });
      response.end(body === undefined ? '' : JSON.stringify(body));
    };
    const { credentials } = this.#options;
    const wanted =
      credentials && Buffer.from(`${credentials.user}:${credentials.password}`).toString('base64');
    if (wanted !== undefined && request.headers.authorization !== `Basic ${wanted}`)
      return answer(
        401,
        { message: 'Invalid username or password.' },
        { 'WWW-Authenticate': 'Basic realm="Mesosphere"' },
      );
    if (this.#leader === null) return answer(503, { message: 'Could not determine the current leader' });
    const url = new URL(request.url ?? '', 'http://marathon');
    if (url.pathname === '/v2/info') return answer(200, { name: 'marathon', version: '1.11.24' });
    const force = url.searchParams.get('force') === 'true';
    const [, what = '', id = ''] = /^\/v2\/(groups|deployments|events)\/?(.*)$/.exec(url.pathname) ?? [];
    const route = `${request.method} ${what}`;
    if (route === 'GET events') return this.#stream(url, request, response, answer);
    if (route === 'GET deployments') return answer(200, [...this.#deployments.values()].map(infoOf));
    if (route === 'DELETE deployments') return this.#revert(id, force, answer);
    if (route === 'GET groups') {
      const kept = this.#groups.get(`/${id}`);
      return kept
        ? answer(200, { ...kept.group, version: kept.version })
        : answer(404, { message: `Group '/${id}' does not exist` });
    }
    if (route === 'PUT groups') return this.#put(`/${id}`, Buffer.concat(pieces).toString(), force, answer);
    if (route === 'DELETE groups') return this.#remove(`/${id}`, force, answer);
    answer(500, { message: 'URI not found' });
  }

  #stream(url: URL, request: IncomingMessage, response: ServerResponse, answer: Answer) {
    if (request.headers.accept !== 'text/event-stream')
      return answer(406, { message: 'This request is only supported for Accept: text/event-stream' });
    const stream = { response, types: url.searchParams.getAll('event_type') };
    response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-cache' });
    // It keeps the stream alive.
    response.write('\r\n');
    this.#streams.add(stream);
    response.on('close', () => void this.#streams.delete(stream));
  }

  #put(path: string, text: string, force: boolean, answer: Answer) {
    let json: unknown;
    try {
      json = JSON.parse(text);
    } catch (error) {
      return answer(400, { message: 'Invalid JSON', details: String(error) });
    }
    const wrong = groupViolations(json);
    if (wrong.length > 0) {
      const details = wrong.map(({ path, error }) => ({ path, errors: [error] }));
      return answer(422, { message: 'Object is not valid', details });
    }
    const group = groupSchema.parse(json);
    this.#change(path, group, appsOf(group), force, answer);
  }

  #remove(path: string, force: boolean, answer: Answer) {
    const kept = this.#groups.get(path);
    if (kept === undefined) return answer(404, { message: `Group '${path}' does not exist` });
    this.#change(path, null, appsOf(kept.group), force, answer);
  }

  #change(
    path: string,
    group: GroupDefinition | null,
    apps: readonly AppDefinition[],
    force: boolean,
    answer: Answer,
  ) {
    const ids = apps.map(({ id }) => id);
    const others = [...this.#deployments.values()].filter((one) => one.apps.some((app) => ids.includes(app)));
    if (others.length > 0 && !force)
      return answer(409, {
        message:
          "App is locked by one or more deployments. Override with the option '?force=true'. View details at '/v2/deployments/<DEPLOYMENT_ID>'.",
        deployments: others.map(({ id }) => ({ id })),
      });
    for (const { id } of others) this.#end(id, 'deployment_failed', false, 'The upgrade has been cancelled');
    this.#begin(path, group, ids, answer);
  }

  #begin(path: string, group: GroupDefinition | null, apps: readonly string[], answer: Answer): void {
    const before = this.#groups.get(path) ?? null;
    const version = new Date().toISOString();
    const deployment: Deployment = { id: randomUUID(), version, apps, group: path, before };
    if (group === null) this.#groups.delete(path);
    else this.#groups.set(path, { group, version });
    this.#deployments.set(deployment.id, deployment);
    this.#tell('deployment_info', { plan: planOf(deployment), currentStep: { actions: [] } });
    const result = { version, deploymentId: deployment.id };
    answer(200, result, { 'Marathon-Deployment-Id': deployment.id });
  }

  #revert(id: string, force: boolean, answer: Answer) {
    const deployment = this.#deployments.get(id);
    if (deployment === undefined) return answer(404, { message: `DeploymentPlan ${id} does not exist` });
    this.#end(id, 'deployment_failed', false, 'The upgrade has been cancelled');
    if (force) return answer(202);
    this.#begin(deployment.group, deployment.before?.group ?? null, deployment.apps, answer);
  }
}

type Answer = (status: number, body?: object, headers?: Record<string, string>) => void;

function planOf({ id, version }: Deployment): object {
  return { id, version, steps: [] };
}

function infoOf({ id, version, apps }: Deployment): object {
  const current = { currentActions: [], currentStep: 1, totalSteps: 1 };
  return { id, version, affectedApps: apps, affectedPods: [], steps: [], ...current };
}
