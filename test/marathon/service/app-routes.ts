import { type AppDefinition, appSchema } from '../schema.ts';
import { appViolations } from '../validate.ts';
import { type Answer, type Asked, begun, known, Refusal, refuse } from './answers.ts';
import type { App } from './apps.ts';
import { type Instance, isActive } from './instances.ts';
import { selector } from './labels.ts';
import type { Marathon } from './marathon.ts';
import { appInfo, Embeds, taskInfo } from './views.ts';

/** What is asked of apps and their tasks (mesosphere/marathon, api/v2/AppsResource.scala, AppTasksResource.scala). */
export function apps(marathon: Marathon, id: string, asked: Asked, force: boolean): Answer {
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

function definition({ version, lastScalingAt, lastConfigChangeAt, ...app }: App): AppDefinition {
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
