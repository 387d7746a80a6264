import type { Io } from '../engines/io.ts';
import { KollageError } from '../model/error.ts';
import { suggestion } from '../model/nearest.ts';
import type { ObservedInstance } from '../model/plan.ts';
import { running } from './status.ts';

export interface ExecRequest {
  readonly folder: string;
  /** A component (`keystone/api`), or a service that has but one. */
  readonly component: string;
  /** Which of its instances, from 1; the first that runs when not given. */
  readonly number?: number | undefined;
  /** A shell when it is empty. */
  readonly command: readonly string[];
}

/** Not every image has bash, and every one has a shell. */
const shell = ['sh', '-c', 'command -v bash >/dev/null && exec bash; exec sh'];

/**
 * Runs a command in an instance of a component, joined to `io`; gives its exit code. KLG-105 for a component that is not there, KLG-507
 * when it does not run.
 */
export async function exec({ folder, component, number, command }: ExecRequest, io: Io): Promise<number> {
  const { engine, desired } = await running(folder);
  const ids = desired.resources.flatMap((resource) => (resource.kind === 'workload' ? [resource.id] : []));
  const id = componentOf(component, ids);
  const { instances = [] } = await engine.observe(desired.deployment, desired);
  const mine = instances.filter(({ workload }) => workload === id);
  const name =
    number === undefined ? firstRunning(mine) : engine.instanceName(desired.deployment, id, number);
  const chosen = mine.find((instance) => instance.name === name);
  if (name === undefined || !chosen || chosen.state === 'stopped') {
    const which = number === undefined ? id : `instance ${number} of ${id}`;
    const what = chosen || number === undefined ? 'does not run' : `is not there: it has ${mine.length}`;
    throw new KollageError({
      code: 'KLG-507',
      message: `${which} ${what}`,
      next: 'See `kollage status`, and bring it up with `kollage up`.',
    });
  }
  return engine.exec(desired.deployment, name, command.length > 0 ? command : shell, io);
}

/** The name of the instance with the lowest number of those that run. */
export function firstRunning(instances: readonly ObservedInstance[]): string | undefined {
  return instances
    .filter(({ state }) => state !== 'stopped')
    .map(({ name = '' }) => name)
    .sort((a, b) => a.length - b.length || (a < b ? -1 : 1))[0];
}

/** The component that is meant. KLG-105 where it is none, or one of several. */
export function componentOf(name: string, ids: readonly string[]): string {
  if (ids.includes(name)) return name;
  const ofService = ids.filter((id) => id.startsWith(`${name}/`) || id.startsWith(`${name}@`));
  const [only, ...more] = ofService;
  if (only !== undefined && more.length === 0) return only;
  const message =
    more.length > 0
      ? `${name} is several: ${ofService.join(', ')}`
      : `there is no component ${name}${suggestion(name, ids)}`;
  throw new KollageError({ code: 'KLG-105', message });
}
