import { expect, test, vi } from 'vitest';
import { type JobOptions, Metronome } from '../../src/engines/dcos/metronome.ts';
import { MetronomeStandIn } from './metronome-stand-in.ts';

const id = 'mycloud.keystone.db-sync.0123456789';
const job = {
  id,
  run: { cpus: 0.1, mem: 512, disk: 0, args: ['true'], docker: { image: 'x' }, restart: { policy: 'NEVER' } },
};

function run(at: MetronomeStandIn, more: Partial<JobOptions> = {}) {
  const { signal } = new AbortController();
  return new Metronome(at).run(job, { signal, every: 5, ...more });
}

const isRunning = (at: MetronomeStandIn) =>
  vi.waitFor(() => expect(at.jobs.get(id)?.active).toHaveLength(1), { timeout: 5000, interval: 2 });

test('a job is run once, and forgotten when its end was written down', async () => {
  const at = new MetronomeStandIn();
  const written: string[] = [];
  const settled = async ({ state }: { state: string }) => {
    expect(at.jobs.has(id)).toBe(true);
    written.push(state);
  };
  const ended = run(at, { settled });
  await isRunning(at);
  at.end(id, true);
  expect(await ended).toEqual({ state: 'finished' });
  expect(written).toEqual(['finished']);
  expect(at.jobs.size).toBe(0);
  expect(at.begun.get(id)).toBe(1);
});

test('one that fails is told, and not run again', async () => {
  const at = new MetronomeStandIn();
  const ended = run(at);
  await isRunning(at);
  at.end(id, false);
  expect(await ended).toEqual({ state: 'failed', why: `the run run-1 of ${id} failed` });
  expect(at.begun.get(id)).toBe(1);
});

test('whoever comes later sees the same run to its end, and one that is over is not begun anew', async () => {
  const at = new MetronomeStandIn();
  const stop = new AbortController();
  const first = run(at, { signal: stop.signal });
  await isRunning(at);
  stop.abort();
  await expect(first).rejects.toThrow(/abort/i);
  at.end(id, true);
  expect(await run(at)).toEqual({ state: 'finished' });
  expect(at.begun.get(id)).toBe(1);
});

test.each([
  ['that makes the job', /^POST \/v1\/jobs$/],
  ['that begins the run', /^POST .*\/runs$/],
  ['that looks', /^GET/],
  ['that forgets', /^DELETE/],
])('a request %s, whose answer is lost: nothing is run twice', async (_, harmed) => {
  const at = new MetronomeStandIn();
  at.harmed = harmed;
  at.harm.push('lose');
  const ended = run(at);
  await isRunning(at);
  at.end(id, true);
  expect(await ended).toEqual({ state: 'finished' });
  expect(at.begun.get(id)).toBe(1);
  expect(at.harm).toEqual([]);
});

test('a leader that is missing is waited for, with patience', async () => {
  const at = new MetronomeStandIn();
  at.harm.push(503, 502);
  const ended = run(at);
  await isRunning(at);
  at.end(id, true);
  expect(await ended).toEqual({ state: 'finished' });
  at.harm.push(...Array.from({ length: 1000 }, () => 503));
  await expect(run(at, { patience: 50 })).rejects.toMatchObject({ status: 503, message: 'HTTP 503' });
});

test('what is refused is told in its words', async () => {
  const { signal } = new AbortController();
  const small = { ...job, run: { ...job.run, mem: 1 } };
  await expect(new Metronome(new MetronomeStandIn()).run(small, { signal })).rejects.toThrow(
    /^Object is not valid; \/run\/mem: /,
  );
});

test('a job is taken away with its run, and one that is not there is no mistake', async () => {
  const at = new MetronomeStandIn();
  const stop = new AbortController();
  const begun = run(at, { signal: stop.signal });
  await isRunning(at);
  stop.abort();
  await expect(begun).rejects.toThrow(/abort/i);
  const metronome = new Metronome(at);
  const { signal } = new AbortController();
  await metronome.remove(id, signal);
  expect(at.jobs.size).toBe(0);
  await metronome.remove(id, signal);
});
