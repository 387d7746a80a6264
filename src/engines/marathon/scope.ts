import { hash } from '../../compile/fingerprint.ts';
import { KollageError } from '../../model/error.ts';
import type { Task, Workload } from '../../model/resource.ts';
import type { Provision } from '../engine.ts';
import { partOf } from '../part-of.ts';
import { startFiles } from './boot.ts';
import type { Site } from './cluster.ts';
import { type RenderInput, RenderScope } from './render/scope.ts';
import { processBundle, secretFiles } from './render/spec.ts';

/** What a process is rendered with: the state that it is part of, with what only this process brings along. */
export async function scopeFor(
  site: Site,
  process: Workload | Task,
  provision: Provision,
): Promise<RenderScope> {
  const input = { settings: site.settings, start: startFiles(), ...(await agentsOf(site)) };
  return new RenderScope({ desired: partOf(process, provision), ...input });
}

/** What rendering must know of the agents where nodes have no names. What was chosen once stays, so that no app is another for an agent that comes. */
async function agentsOf({ records, mesos }: Site): Promise<Pick<RenderInput, 'home' | 'agents'>> {
  const there = (await mesos.agents()).filter(({ active }) => active);
  const chosen = async (name: string, isFine: (value: string) => boolean, now: string | undefined) => {
    const known = await records.own('framework', name);
    if (known && isFine(known)) return known;
    if (now !== undefined) await records.keep('framework', name, now);
    return now ?? null;
  };
  // The volumes of which the deployment has one, and so all that use them, are on the one with the most memory.
  const [largest] = there.toSorted((a, b) => b.memory - a.memory);
  const home = await chosen('home', () => true, largest?.hostname);
  const isFine = (count: string) => Number(count) <= there.length;
  const agents = await chosen('agents', isFine, there.length === 0 ? undefined : String(there.length));
  return { home, agents: agents === null ? null : Number(agents) };
}

/**
 * Gives a process what it is to run, and says which records of the tasks that it needs count; gives the version under which it finds that. KLG-120 for a
 * secret that is missing.
 */
export async function publish(
  { znodes }: Site,
  scope: RenderScope,
  process: Workload | Task,
  { secret, tasks }: Provision,
): Promise<string> {
  for (const name of process.secrets)
    if (secret(name) === undefined)
      throw new KollageError({ code: 'KLG-120', message: `the secret ${name} is missing` });
  const bundle = processBundle(scope, process);
  const version = hash({ fingerprint: process.fingerprint, ...bundle }).slice(0, 20);
  for (const [task, fingerprint] of tasks) await znodes.want(task, fingerprint);
  const files = [...bundle.files, ...secretFiles(process, secret)];
  await znodes.publish(process.id, version, { ...bundle, files });
  return version;
}
