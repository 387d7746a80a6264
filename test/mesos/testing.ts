import { expect, onTestFinished } from 'vitest';
import { z } from 'zod';
import { MarathonClient } from '../../src/engines/marathon/api/client.ts';
import { deploy, type Ending, follow } from '../../src/engines/marathon/api/deploy.ts';
import { serverEvents } from '../../src/engines/marathon/api/server-events.ts';
import { type MesosCluster, type MesosOptions, startMesos } from './cluster.ts';

/** Small, with Python and a shell. */
export const image = 'kollage/memcached:2025.1';

const { signal } = new AbortController();

const task = z.looseObject({
  id: z.string(),
  host: z.string(),
  state: z.string(),
  slaveId: z.string(),
  ports: z.array(z.number()),
});
const app = z.looseObject({ tasks: z.array(task).default([]) });
const step = z.looseObject({ reason: z.string(), declined: z.number(), processed: z.number() });
const queued = z.looseObject({
  count: z.number(),
  delay: z.looseObject({ timeLeftSeconds: z.number(), overdue: z.boolean() }),
  processedOffersSummary: z.looseObject({ rejectSummaryLastOffers: z.array(step) }),
});

/** Of Marathon's answers, what the tests look at. */
const told = z.looseObject({
  app: app.optional(),
  apps: z.array(app).optional(),
  tasks: z.array(task).optional(),
  queue: z.array(queued).optional(),
  message: z.string().optional(),
  deployments: z.array(z.looseObject({ id: z.string() })).optional(),
  deploymentId: z.string().optional(),
  version: z.string().optional(),
});

export interface Told {
  readonly status: number;
  readonly body: z.infer<typeof told>;
}

export interface TestWorld {
  readonly cluster: MesosCluster;
  readonly client: MarathonClient;
  readonly ask: (method: string, path: string, body?: object) => Promise<Told>;
  /** Deploys a group, and waits for the end. */
  readonly put: (...apps: readonly object[]) => Promise<Ending>;
  readonly tasks: (app: string) => Promise<readonly z.infer<typeof task>[]>;
  /** All events from now on, the latest last. */
  readonly events: (
    ...types: readonly string[]
  ) => Promise<{ event: string; data: Record<string, unknown> }[]>;
}

export const two = [{ hostname: 'agent-1' }, { hostname: 'agent-2' }];

/** A cluster of two agents that ends with the test; what is deployed is in the group `/g`. */
export async function world(options: Partial<MesosOptions> = {}): Promise<TestWorld> {
  const cluster = await startMesos({ agents: two, ...options });
  onTestFinished(() => cluster.stop());
  const client = new MarathonClient({ servers: [cluster.marathon] });
  const ask = async (method: string, path: string, body?: object) => {
    const answer = await fetch(`${cluster.marathon}${path}`, {
      method,
      ...(body && { body: JSON.stringify(body), headers: { 'Content-Type': 'application/json' } }),
    });
    const text = await answer.text();
    const json: unknown = text === '' ? {} : JSON.parse(text);
    // Of all lists only that of deployments is bare.
    return { status: answer.status, body: told.parse(Array.isArray(json) ? { deployments: json } : json) };
  };
  return {
    cluster,
    client,
    ask,
    put: async (...apps) => {
      const group = { id: '/g', apps };
      const change = (force: boolean) => client.put('/v2/groups/g', group, force, signal);
      return follow(client, '/g', await deploy(client, change, { signal }), signal);
    },
    tasks: async (id) => (await ask('GET', `/v2/apps${id}?embed=app.tasks`)).body.app?.tasks ?? [],
    events: async (...types) => {
      const found: { event: string; data: Record<string, unknown> }[] = [];
      const stop = new AbortController();
      onTestFinished(() => stop.abort());
      const query = types.map((type) => `event_type=${type}`).join('&');
      const answer = await fetch(`${cluster.marathon}/v2/events?${query}`, {
        headers: { Accept: 'text/event-stream' },
        signal: stop.signal,
      });
      expect(answer.status).toBe(200);
      const { body } = answer;
      void (async () => {
        if (body)
          for await (const { event, data } of serverEvents(body))
            found.push({ event, data: JSON.parse(data) });
      })().catch(() => undefined);
      return found;
    },
  };
}

/** What runs Python. */
export function python(id: string, program: string, more: object = {}): object {
  return {
    id,
    args: ['-c', program],
    cpus: 0.1,
    mem: 64,
    container: {
      type: 'DOCKER',
      docker: { image, parameters: [{ key: 'entrypoint', value: 'python3' }] },
    },
    networks: [{ mode: 'host' }],
    taskKillGracePeriodSeconds: 0,
    ...more,
  };
}

/** A web server on a port of its agent that says what it was told; it is not well any more once it was asked to be so. */
export function web(id: string, port: number, more: object = {}): object {
  const program = `
import http.server, os
class Handler(http.server.BaseHTTPRequestHandler):
    status = 200
    def do_GET(self):
        if self.path == "/spoil":
            Handler.status = 500
        self.send_response(Handler.status)
        self.end_headers()
        self.wfile.write((os.environ["SAYS"] + " on " + os.environ["HOST"]).encode())
print("begun", flush=True)
http.server.ThreadingHTTPServer(("", int(os.environ["PORT0"])), Handler).serve_forever()
`;
  const check = { protocol: 'HTTP', path: '/', portIndex: 0, gracePeriodSeconds: 30, intervalSeconds: 1 };
  return python(id, program, {
    instances: 2,
    portDefinitions: [{ port, protocol: 'tcp', name: 'web' }],
    requirePorts: true,
    env: { SAYS: 'one' },
    constraints: [['hostname', 'UNIQUE']],
    healthChecks: [{ ...check, maxConsecutiveFailures: 1 }],
    upgradeStrategy: { minimumHealthCapacity: 0.5, maximumOverCapacity: 0 },
    ...more,
  });
}
