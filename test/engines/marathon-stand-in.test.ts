import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { MarathonClient } from '../../src/engines/marathon/api/client.ts';
import { deploy, follow } from '../../src/engines/marathon/api/deploy.ts';
import { type MesosOptions, startMesos } from '../mesos/cluster.ts';
import { image } from './docker-world.ts';

const { signal } = new AbortController();

const task = z.looseObject({ id: z.string(), host: z.string(), state: z.string(), slaveId: z.string() });
const app = z.looseObject({ tasks: z.array(task).default([]) });

/** Of Marathon's answers, what the tests look at. */
const told = z.looseObject({ app: app.optional(), tasks: z.array(task).optional() });

async function world(options: Partial<MesosOptions> = {}) {
  const cluster = await startMesos({
    agents: [{ hostname: 'agent-1' }, { hostname: 'agent-2' }],
    ...options,
  });
  onTestFinished(() => cluster.stop());
  const { credentials } = options;
  const client = new MarathonClient({ servers: [cluster.marathon], ...(credentials && { credentials }) });
  const get = async (path: string): Promise<z.infer<typeof told>> => {
    const login =
      credentials && Buffer.from(`${credentials.user}:${credentials.password}`).toString('base64');
    const answer = await fetch(`${cluster.marathon}${path}`, {
      headers: login ? { Authorization: `Basic ${login}` } : {},
    });
    return told.parse(await answer.json());
  };
  const put = async (group: { id: string; [more: string]: unknown }) =>
    follow(client, group.id, await deploy(client, group, { signal }), signal);
  return { cluster, client, get, put };
}

/** A web server on a port of its agent that says what it was told. */
function web(id: string, port: number, more: object = {}) {
  const program = `
import http.server, os
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write((os.environ["SAYS"] + " on " + os.environ["HOST"]).encode())
print("begun", flush=True)
http.server.HTTPServer(("", int(os.environ["PORT0"])), Handler).serve_forever()
`;
  return {
    id,
    args: ['-c', program],
    cpus: 0.1,
    mem: 64,
    instances: 2,
    container: {
      type: 'DOCKER',
      docker: { image, parameters: [{ key: 'entrypoint', value: 'python3' }] },
    },
    networks: [{ mode: 'host' }],
    portDefinitions: [{ port, protocol: 'tcp', name: 'web' }],
    requirePorts: true,
    env: { SAYS: 'one' },
    constraints: [['hostname', 'UNIQUE']],
    healthChecks: [
      {
        protocol: 'HTTP',
        path: '/',
        portIndex: 0,
        gracePeriodSeconds: 30,
        intervalSeconds: 1,
        delaySeconds: 0,
      },
    ],
    upgradeStrategy: { minimumHealthCapacity: 0.5, maximumOverCapacity: 0 },
    taskKillGracePeriodSeconds: 0,
    ...more,
  };
}

test('a group is started on its agents, each with its own ports, changed one by one, and taken away', async () => {
  const { cluster, client, get, put } = await world();
  expect(await put({ id: '/g', apps: [web('/g/web', 5000)] })).toEqual({ type: 'done' });
  const { app } = await get('/v2/apps/g/web?embed=app.tasks');
  expect(app?.tasks.map(({ host }) => host).toSorted()).toEqual(['agent-1', 'agent-2']);
  expect(app).toMatchObject({ tasksRunning: 2, tasksHealthy: 2 });
  const said = () =>
    Promise.all(cluster.agents.map(async ({ address }) => (await fetch(`http://${address}:5000/`)).text()));
  expect((await said()).toSorted()).toEqual(['one on agent-1', 'one on agent-2']);
  expect(await put({ id: '/g', apps: [web('/g/web', 5000, { env: { SAYS: 'two' } })] })).toEqual({
    type: 'done',
  });
  expect((await said()).toSorted()).toEqual(['two on agent-1', 'two on agent-2']);
  const gone = await client.removeGroup('/g', false, signal);
  if (gone === null) throw new Error('it is not there');
  await follow(client, '/g', gone, signal);
  expect(await get('/v2/tasks')).toEqual({ tasks: [] });
  expect(await client.groupVersion('/g', signal)).toBeNull();
});
