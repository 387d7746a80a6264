import { hash } from '../../compile/fingerprint.ts';
import { KollageError } from '../../model/error.ts';
import type { Task, Workload } from '../../model/resource.ts';
import type { Provision } from '../engine.ts';
import { partOf } from '../part-of.ts';
import { startFiles } from './boot.ts';
import type { Site } from './cluster.ts';
import { RenderScope } from './render/scope.ts';
import { processBundle, secretFiles } from './render/spec.ts';

/** What a process is rendered with: the state that it is part of, with what only this process brings along. */
export async function scopeFor(
  site: Site,
  process: Workload | Task,
  provision: Provision,
): Promise<RenderScope> {
  const input = { settings: site.settings, start: startFiles(), home: await homeOf(site) };
  return new RenderScope({ desired: partOf(process, provision), ...input });
}

/**
 * The agent on which the volumes are of which the deployment has one, and so all that use them: chosen once, the one with the most memory. Null where there is
 * no agent.
 */
async function homeOf({ records, mesos }: Site): Promise<string | null> {
  const known = await records.own('framework', 'home');
  if (known) return known;
  const [largest] = (await mesos.agents()).filter(({ active }) => active).sort((a, b) => b.memory - a.memory);
  if (largest === undefined) return null;
  await records.keep('framework', 'home', largest.hostname);
  return largest.hostname;
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
