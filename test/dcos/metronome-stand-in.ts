import { z } from 'zod';
import type { RouterRequest } from '../../src/engines/dcos/router.ts';

/** What Metronome takes as a job, as far as jobs here say something (dcos/metronome, jobspec.schema.json); unknown keys are errors there. */
const job = z.strictObject({
  id: z.string().regex(/^([a-z0-9]+(-[a-z0-9]+)*)(\.([a-z0-9]+(-[a-z0-9]+)*))*$/),
  description: z.string().optional(),
  labels: z.record(z.string(), z.string()).optional(),
  run: z.strictObject({
    cpus: z.number().min(0.01),
    mem: z.number().min(32),
    disk: z.number().min(0),
    args: z.array(z.string()).optional(),
    cmd: z.string().min(1).optional(),
    env: z.record(z.string(), z.string()).optional(),
    docker: z.strictObject({ image: z.string() }).optional(),
    restart: z.strictObject({ policy: z.enum(['NEVER', 'ON_FAILURE']) }).optional(),
  }),
});

interface Kept {
  active: string[];
  readonly done: string[];
  readonly failed: string[];
}

/**
 * Stands in for Metronome (JobSpecController.scala, JobRunController.scala): the statuses and bodies of its API. Runs end when a test says so.
 */
export class MetronomeStandIn {
  readonly metronome = 'https://dcos.example.org/service/metronome';
  /** How many runs were ever begun, by job. */
  readonly begun = new Map<string, number>();
  readonly jobs = new Map<string, Kept>();
  /** What is made of the next requests: their answers are lost after they were done, or another status comes before they are. */
  readonly harm: ('lose' | number)[] = [];
  /** Harm that comes to this kind of request alone. */
  harmed = /./;

  readonly fetch = async (url: string, { method = 'GET', body }: RouterRequest = {}): Promise<Response> => {
    const path = url.slice(this.metronome.length);
    const harm = this.harmed.test(`${method} ${path}`) ? this.harm.shift() : undefined;
    if (typeof harm === 'number') return new Response('<html>no leader</html>', { status: harm });
    const answer = this.#answer(method, path, body);
    if (harm === 'lose') throw new TypeError(`${url}: socket hang up`);
    return answer;
  };

  end(id: string, isWell: boolean): void {
    const kept = this.jobs.get(id);
    const [run] = kept?.active ?? [];
    if (!kept || run === undefined) throw new Error(`${id} has no run`);
    kept.active = [];
    (isWell ? kept.done : kept.failed).push(run);
  }

  #answer(method: string, path: string, body: string | undefined): Response {
    const say = (status: number, content: object) => new Response(JSON.stringify(content), { status });
    const { pathname, searchParams } = new URL(path, 'http://x');
    if (method === 'POST' && pathname === '/v1/jobs') {
      const read = job.safeParse(JSON.parse(body ?? ''));
      if (!read.success)
        return say(422, {
          message: 'Object is not valid',
          details: read.error.issues.map((one) => ({
            path: `/${one.path.join('/')}`,
            errors: [one.message],
          })),
        });
      if (this.jobs.has(read.data.id)) return say(409, { message: 'Job with this id already exists' });
      this.jobs.set(read.data.id, { active: [], done: [], failed: [] });
      return say(201, read.data);
    }
    const [, id = '', runs] = /^\/v1\/jobs\/([^/]+)(\/runs)?$/.exec(pathname) ?? [];
    const kept = this.jobs.get(id);
    if (!kept) return say(404, { id, message: 'Job not found' });
    const run = (one: string, status: string) => ({ id: one, jobId: id, status, tasks: [] });
    if (method === 'POST' && runs !== undefined) {
      const count = (this.begun.get(id) ?? 0) + 1;
      this.begun.set(id, count);
      kept.active.push(`run-${count}`);
      return say(201, run(`run-${count}`, 'INITIAL'));
    }
    if (method === 'DELETE') {
      if (kept.active.length > 0 && searchParams.get('stopCurrentJobRuns') !== 'true')
        return say(409, { message: 'There are active job runs. Override with stopCurrentJobRuns=true' });
      this.jobs.delete(id);
      return say(200, { id });
    }
    const embed = searchParams.getAll('embed');
    const list = (ids: readonly string[]) => ids.map((one) => ({ id: one, createdAt: '', finishedAt: '' }));
    return say(200, {
      id,
      ...(embed.includes('activeRuns') && { activeRuns: kept.active.map((one) => run(one, 'ACTIVE')) }),
      ...(embed.includes('history') && {
        history: { successfulFinishedRuns: list(kept.done), failedFinishedRuns: list(kept.failed) },
      }),
    });
  }
}
