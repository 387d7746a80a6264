import { groupSchema } from '../schema.ts';
import { groupViolations } from '../validate.ts';
import { type Answer, type Asked, begun, known, Refusal, refuse } from './answers.ts';
import { apps } from './app-routes.ts';
import { LockedError } from './deployments.ts';
import type { Marathon } from './marathon.ts';
import { deploymentInfos, Embeds, groupInfo, queueInfo, taskInfo } from './views.ts';

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
