import { type FSWatcher, readFileSync, watch } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { PassThrough } from 'node:stream';
import type Docker from 'dockerode';
import { z } from 'zod';
import { KollageError } from '../../model/error.ts';
import type { InstanceEvent } from '../engine.ts';
import { EventQueue } from '../event-queue.ts';
import { ask } from './ask.ts';
import { deploymentLabel, instanceLabel } from './names.ts';

/** The report of the start program, waiting/<instance>.json (images/start/README.md). */
const report = z.object({
  instance: z.string(),
  state: z.enum(['waiting', 'started', 'timed-out']),
  at: z.string().transform(Date.parse),
  needs: z.array(z.object({ need: z.string(), metAfterSeconds: z.number().nullable() })),
});

const dockerEvent = z.object({
  Action: z.string(),
  Actor: z.object({ ID: z.string(), Attributes: z.record(z.string(), z.string()) }),
});

/**
 * What happens to the containers of a deployment: Docker's own events tell that one starts or ends, the reports of the start program
 * what it waits for and that its needs are met. Nothing is polled.
 */
export async function* watchInstances(
  docker: Docker,
  deployment: string,
  store: string,
  signal: AbortSignal,
): AsyncIterable<InstanceEvent> {
  const queue = new EventQueue<InstanceEvent>(signal);
  const reports = watchReports(join(store, 'waiting'), queue);
  const label = [`${deploymentLabel}=${deployment}`];
  // From now on, also what happens until Docker has heard of this.
  const since = Date.now() / 1000;
  const stream = await ask(() =>
    docker.getEvents({ since, filters: { type: ['container'], event: ['die'], label } }),
  );
  const lines = createInterface({ input: stream.pipe(new PassThrough()) });
  lines.on('line', (line) => {
    const event = dockerEvent.safeParse(JSON.parse(line));
    if (!event.success) return;
    const { name = '', exitCode, [instanceLabel]: instance = name } = event.data.Actor.Attributes;
    queue.push({
      type: 'exited',
      instance,
      container: event.data.Actor.ID,
      code: Number(exitCode ?? -1),
    });
  });
  const lost = (why: string) =>
    queue.fail(
      new KollageError({ code: 'KLG-501', message: `Docker went away while it was watched: ${why}` }),
    );
  stream.on('error', (error: Error) => lost(error.message));
  stream.on('end', () => lost('it ended its stream of events'));
  try {
    yield* queue;
  } finally {
    reports.close();
    lines.close();
    if ('destroy' in stream && typeof stream.destroy === 'function') stream.destroy();
  }
}

/** The start program replaces its report whole, by a rename, so that what is read here is never half written. */
function watchReports(folder: string, queue: EventQueue<InstanceEvent>): FSWatcher {
  return watch(folder, (_event, name) => {
    if (!name?.endsWith('.json')) return;
    const read = report.safeParse(readJson(join(folder, name)));
    if (!read.success) return;
    const { instance, state, at, needs } = read.data;
    if (state === 'started') queue.push({ type: 'started', instance, since: at });
    else
      queue.push({
        type: 'waiting',
        instance,
        needs: needs.filter((need) => need.metAfterSeconds === null).map(({ need }) => need),
      });
  });
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}
