import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { passwordsFile } from '../../load/passwords.ts';
import { KollageError } from '../../model/error.ts';
import type { Desired, Task } from '../../model/resource.ts';
import { opened } from '../backups/open.ts';
import { runJob } from '../backups/run.ts';
import { type Chosen, chooseSecrets, rotateSecrets } from '../secrets.ts';
import { running } from '../status.ts';
import { type UpRequest, up } from '../up.ts';
import { savePrivately } from './save.ts';

export interface RotateRequest extends UpRequest {
  /** Names are those of secrets, and of tasks that make keys anew (`keystone/rotate-keys`). */
  readonly chosen: Chosen;
  /** Told which secrets were made, before anything that runs is touched. */
  readonly made: (names: readonly string[]) => void;
  /** Called before tasks that make keys anew. */
  readonly follows: (tasks: Pick<Desired, 'resources'>) => void;
}

/**
 * Makes secrets anew and brings what runs to them: services are told the new one while the old one still holds, where they can. Then keys are made anew that
 * services keep themselves. Gives the revision, null where no secret is meant. A change that fails is taken back, and passwords.yml with it; one that is
 * interrupted goes on with `up`. KLG-553 where another change is unfinished, KLG-556, what `chooseSecrets` and `up` throw.
 */
export async function rotate(request: RotateRequest): Promise<number | null> {
  const { folder, chosen } = request;
  const { desired, revision, unfinished } = await running(folder);
  if (unfinished) throw new KollageError({ code: 'KLG-553', message: `revision ${revision} is unfinished` });
  const tasks = tasksOf(desired, chosen);
  const named = new Set(tasks.map(({ id }) => id));
  const secrets = await chooseSecrets(folder, {
    ...chosen,
    names: chosen.names.filter((name) => !named.has(name)),
  });
  if (secrets.length === 0 && tasks.length === 0)
    throw new KollageError({ code: 'KLG-901', message: 'nothing is meant that could be made anew' });
  const number = secrets.length > 0 ? await bringIn(request, secrets) : null;
  if (tasks.length > 0) await makeKeys(request, tasks);
  return number;
}

async function bringIn(request: RotateRequest, names: readonly string[]): Promise<number | null> {
  const path = join(request.folder, passwordsFile);
  const before = readFileSync(path, 'utf8');
  const { made } = await rotateSecrets(request.folder, names);
  const after = readFileSync(path, 'utf8');
  request.made(made);
  try {
    return await up({ ...request, why: request.why ?? `rotation of ${names.join(', ')}` });
  } catch (error) {
    // What is unfinished goes on with the new ones.
    if (!(await running(request.folder)).unfinished)
      savePrivately(path, before, after.replace(/^\uFEFF/, ''));
    throw error;
  }
}

/** The tasks that make keys anew, of those that run. */
function tasksOf({ resources }: Desired, { names, services, all }: Chosen): Task[] {
  return resources.filter(
    (one): one is Task =>
      one.kind === 'task' &&
      one.phase === 'rotate' &&
      (all || services.includes(one.service) || names.includes(one.id)),
  );
}

async function makeKeys(request: RotateRequest, tasks: readonly Task[]): Promise<void> {
  const { folder, emit, signal } = request;
  await opened(folder, 'work', async ({ engine, last, secret }) => {
    request.follows({ resources: tasks });
    for (const task of tasks)
      await runJob({
        means: { engine, emit, signal },
        desired: last.desired,
        secret,
        task,
        env: {},
        code: 'KLG-556',
      });
  });
}
