import type { IncomingMessage, ServerResponse } from 'node:http';
import { type AppDefinition, appSchema, groupSchema } from '../schema.ts';
import { appViolations, groupViolations, type Violation } from '../validate.ts';
import type { App } from './apps.ts';
import { LockedError } from './deployments.ts';
import { type Instance, isActive } from './instances.ts';
import { selector } from './labels.ts';
import type { Marathon } from './marathon.ts';
import type { Plan } from './plan.ts';
import { appInfo, deploymentInfos, Embeds, groupInfo, queueInfo, taskInfo } from './views.ts';

export interface Answer {
  readonly status: number;
  readonly body?: object;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly text: string;
}

/** Marathon's v2 API, request by request (mesosphere/marathon, api/v2/*Resource.scala, api/MarathonExceptionMapper.scala). */
export function answer(marathon: Marathon, leader: string, asked: Asked): Answer {
  try {
    return route(marathon, leader, asked);
  } catch (error) {
    if (error instanceof LockedError)
      return {
        status: 409,
        body: { message: error.message, deployments: error.deployments.map((id) => ({ id })) },
      };
    if (error instanceof SyntaxError)
      return { status: 400, body: { message: 'Invalid JSON', details: error.message } };
    if (error instanceof Refusal) return error.answer;
    throw error;
  }
}

class Refusal extends Error {
  readonly answer: Answer;

  constructor(status: number, body: object) {
    super(JSON.stringify(body));
    this.answer = { status, body };
  }
}

function route(marathon: Marathon, leader: string, asked: Asked): Answer {
  const { method, path, query } = asked;
  const [, what = '', rest = ''] = /^\/v2\/([a-z]+)(\/.*)?$/.exec(path) ?? [];
  const id = rest.replace(/\/+$/, '') || '/';
  const force = query.get('force') === 'true';
  switch (`${method} ${what}`) {
    case 'GET groups':
      return getGroup(marathon, id, query);
    case 'PUT groups':
      return putGroup(marathon, id, asked, force);
    case 'DELETE groups':
      known(marathon.root.groups.has(id), `Group '${id}' does not exist`);
      return begun(marathon.removeGroup(id, force));
    case 'GET deployments':
      return { status: 200, body: deploymentInfos(marathon) };
    case 'DELETE deployments':
      return endDeployment(marathon, id.slice(1), force);
    case 'GET queue':
      return {
        status: 200,
        body: queueInfo(marathon, query.getAll('embed').includes('lastUnusedOffers')),
      };
    case 'GET tasks':
      return getTasks(marathon, query);
    case 'GET leader':
      return { status: 200, body: { leader } };
    case 'GET info':
      return { status: 200, body: info(marathon, leader) };
    case 'GET apps':
    case 'PUT apps':
    case 'PATCH apps':
    case 'POST apps':
    case 'DELETE apps':
      return apps(marathon, id, asked, force);
    default:
      return { status: 500, body: { message: 'URI not found' } };
  }
}

function known(isThere: boolean, message: string): void {
  if (!isThere) throw new Refusal(404, { message });
}

/** api/RestResource.scala: deploymentResult. */
function begun({ id, version }: Plan, status = 200): Answer {
  return { status, body: { version, deploymentId: id }, headers: { 'Marathon-Deployment-Id': id } };
}

function refuse(violations: readonly Violation[]): void {
  if (violations.length === 0) return;
  const byPath = Map.groupBy(violations, ({ path }) => path);
  const details = [...byPath].map(([path, all]) => ({ path, errors: all.map(({ error }) => error) }));
  throw new Refusal(422, { message: 'Object is not valid', details });
}

/** api/v2/GroupsResource.scala: group, with `/apps` behind it too. */
function getGroup(marathon: Marathon, id: string, query: URLSearchParams): Answer {
  const named = query.getAll('embed');
  const embeds = new Embeds(named.length > 0 ? named : ['group.apps', 'group.groups', 'group.pods']);
  const found = groupInfo(marathon, id, embeds);
  known(found !== null, `Group '${id}' does not exist`);
  return { status: 200, body: found ?? {} };
}

function putGroup(marathon: Marathon, id: string, { text, query }: Asked, force: boolean): Answer {
  const json: unknown = JSON.parse(text);
  const update = typeof json === 'object' && json !== null ? { id, ...json } : json;
  refuse(groupViolations(update));
  const group = groupSchema.parse(update);
  if (query.get('dryRun') === 'true') throw new Refusal(501, { message: 'the stand-in tries nothing out' });
  if (marathon.root.apps.has(group.id))
    refuse([{ path: '/id', error: `An app with the path ${group.id} already exists.` }]);
  return begun(marathon.putGroup(group, force));
}

/** api/v2/DeploymentsResource.scala: cancel. */
function endDeployment(marathon: Marathon, id: string, force: boolean): Answer {
  const plan = marathon.deployments.plan(id);
  if (plan === undefined) throw new Refusal(404, { message: `DeploymentPlan ${id} does not exist` });
  if (!force) return begun(marathon.revert(plan));
  marathon.deployments.cancel(id);
  return { status: 202 };
}

function getTasks(marathon: Marathon, query: URLSearchParams): Answer {
  const wanted = query.getAll('status').map((one) => one.toLowerCase());
  const tasks = marathon.tracker.all
    .filter(({ condition }) => wanted.length === 0 || wanted.includes(condition.toLowerCase()))
    .map((one) => taskInfo(one))
    .filter((one) => one !== null);
  return { status: 200, body: { tasks } };
}

function apps(marathon: Marathon, id: string, asked: Asked, force: boolean): Answer {
  const { method, query } = asked;
  if (id === '/' && method === 'GET') return listApps(marathon, query);
  if (id === '/' && method === 'POST') return createApp(marathon, asked, force);
  if (id === '/') return { status: 501, body: { message: 'the stand-in changes apps one by one' } };
  const [, owner, task] = /^(.+)\/tasks(?:\/([^/]+))?$/.exec(id) ?? [];
  if (owner !== undefined) return tasksOf(marathon, owner, task, asked, force);
  const [, again] = /^(.+)\/restart$/.exec(id) ?? [];
  if (again !== undefined && method === 'POST') {
    known(marathon.root.apps.has(again), `App '${again}' does not exist`);
    return begun(marathon.restartApp(again, force));
  }
  const app = marathon.root.apps.get(id);
  if (method === 'PUT' || method === 'PATCH') return changeApp(marathon, id, app, asked, force);
  if (app === undefined) throw new Refusal(404, { message: `App '${id}' does not exist` });
  // Unlike everywhere else it is forced, if nothing is said (api/v2/AppsResource.scala: delete).
  if (method === 'DELETE') return begun(marathon.removeApp(id, query.get('force') !== 'false'));
  const always = ['counts', 'tasks', 'lastTaskFailure', 'deployments'];
  return { status: 200, body: { app: appInfo(marathon, app, new Embeds(query.getAll('embed'), always)) } };
}

function listApps(marathon: Marathon, query: URLSearchParams): Answer {
  const text = query.get('label');
  const labels = text === null ? () => true : selector(text);
  if (labels === null) throw new Refusal(422, { message: `Can not parse label selector ${text}` });
  const embeds = new Embeds(query.getAll('embed'), ['counts', 'deployments']);
  const part = query.get('id') ?? '';
  const found = [...marathon.root.apps.values()].filter((app) => labels(app.labels) && app.id.includes(part));
  return { status: 200, body: { apps: found.map((app) => appInfo(marathon, app, embeds)) } };
}

function createApp(marathon: Marathon, { text }: Asked, force: boolean): Answer {
  const app = checked(JSON.parse(text));
  if (marathon.root.apps.has(app.id))
    throw new Refusal(409, { message: `An app with id [${app.id}] already exists.` });
  const plan = marathon.putApp(app, force);
  const made = marathon.root.apps.get(app.id);
  return {
    status: 201,
    body: made ? appInfo(marathon, made, new Embeds(['counts', 'tasks'])) : {},
    headers: { 'Marathon-Deployment-Id': plan.id, Location: app.id },
  };
}

/** api/v2/AppsResource.scala: update. What a PUT does not name stays, unless it says `partialUpdate=false`. */
function changeApp(
  marathon: Marathon,
  id: string,
  app: App | undefined,
  { method, query, text }: Asked,
  force: boolean,
): Answer {
  const json: unknown = JSON.parse(text);
  if (typeof json !== 'object' || json === null) throw new Refusal(400, { message: 'Invalid JSON' });
  if (app === undefined && method === 'PATCH')
    throw new Refusal(404, { message: `App '${id}' does not exist` });
  const isPartial = method === 'PATCH' || query.get('partialUpdate') !== 'false';
  const kept = app !== undefined && isPartial ? definition(app) : {};
  const wanted = checked({ ...kept, ...json, id });
  return begun(marathon.putApp(wanted, force), app === undefined ? 201 : 200);
}

export function definition({ version, lastScalingAt, lastConfigChangeAt, ...app }: App): AppDefinition {
  return app;
}

function checked(json: unknown): AppDefinition {
  const read = appSchema.safeParse(json);
  if (!read.success)
    refuse(read.error.issues.map(({ path, message }) => ({ path: `/${path.join('/')}`, error: message })));
  const app = appSchema.parse(json);
  refuse(appViolations(app));
  return app;
}

/** api/v2/AppTasksResource.scala. */
function tasksOf(
  marathon: Marathon,
  id: string,
  task: string | undefined,
  { method, query }: Asked,
  force: boolean,
): Answer {
  const app = marathon.root.apps.get(id);
  if (app === undefined) throw new Refusal(404, { message: `App '${id}' does not exist` });
  const all = marathon.tracker.of(id);
  const infos = (instances: readonly Instance[]) =>
    instances.map((one) => taskInfo(one)).filter((one) => one !== null);
  if (method === 'GET') return { status: 200, body: { tasks: infos(all) } };
  const [scale, wipe] = [query.get('scale') === 'true', query.get('wipe') === 'true'];
  if (scale && wipe) throw new Refusal(400, { message: 'You cannot use scale and wipe at the same time.' });
  const host = query.get('host');
  const found = all.filter((one) =>
    task === undefined
      ? host === null || host === '*' || one.task?.agent.hostname === host
      : task.startsWith(`${one.id}.`),
  );
  if (scale) {
    const active = found.filter(isActive);
    const wanted = { ...definition(app), instances: Math.max(0, app.instances - active.length) };
    const ids = active.map((one) => one.id);
    return begun(marathon.putApp(wanted, force, ids));
  }
  known(task === undefined || found.length > 0, `Task '${task}' does not exist`);
  const told = infos(found);
  marathon.killInstances(
    found.filter((one) => wipe || isActive(one)),
    wipe,
  );
  return { status: 200, body: task === undefined ? { tasks: told } : { task: told[0] } };
}

/** api/v2/InfoResource.scala. */
function info({ framework }: Marathon, leader: string): object {
  return {
    name: 'marathon',
    version: '1.11.24',
    buildref: 'stand-in',
    elected: true,
    leader,
    frameworkId: framework,
    marathon_config: { framework_name: 'marathon', ha: true, hostname: leader.split(':')[0] },
    zookeeper_config: {},
    http_config: { http_port: Number(leader.split(':')[1]) },
  };
}

/** The body of a request. */
export async function textOf(request: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  return Buffer.concat(pieces).toString();
}

export function send(response: ServerResponse, { status, body, headers = {} }: Answer): void {
  response.writeHead(status, { 'Content-Type': 'application/json', ...headers });
  response.end(body === undefined ? '' : JSON.stringify(body));
}
