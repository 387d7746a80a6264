import type { Engine } from '../engines/engine.ts';
import { captured } from '../engines/io.ts';
import { openDeployment, readDeploymentFile } from '../load/deployment.ts';
import type { Desired } from '../model/resource.ts';
import { SqliteStore } from '../state/sqlite.ts';
import { takeBackAccess } from './access.ts';
import { engineFor } from './engine-of.ts';

/**
 * Takes away everything of a deployment, its data too unless it is to be kept; gives its name. Only what carries the deployment's label is
 * touched, and a deployment that is not there is gone already.
 */
export async function destroy(folder: string, keep: { readonly data: boolean }): Promise<string> {
  const { file } = readDeploymentFile(openDeployment(folder));
  const { name, engine: settings } = file.value;
  const engine = engineFor(settings, file.at(['engine']));
  const state = SqliteStore.existing(name);
  const revision = (await state?.revision()) ?? null;
  state?.close();
  if (revision) await cleanUp(engine, revision.desired);
  await engine.destroy(name, keep);
  takeBackAccess(folder);
  return name;
}

/** Lets what runs take away what it made on its node. What does not run any more cannot, and holds up nothing. */
async function cleanUp(engine: Engine, desired: Desired): Promise<void> {
  const { instances = [] } = await engine.observe(desired.deployment, null);
  const running = new Set(
    instances.flatMap(({ workload, state }) => (state === 'stopped' ? [] : [workload])),
  );
  for (const workload of desired.resources) {
    if (workload.kind !== 'workload' || !running.has(workload.id)) continue;
    const { id, cleanup } = workload;
    if (cleanup === null) continue;
    const instance = engine.instanceName(desired.deployment, id, 1);
    await captured((io) => engine.exec(desired.deployment, instance, cleanup, io)).catch(() => null);
  }
}
