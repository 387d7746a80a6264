import { captured } from '../engines/io.ts';
import { KollageError } from '../model/error.ts';
import type { Site } from './site.ts';

/** Runs a command in an instance. KLG-502, with the last line that it printed, when it does not end with 0, or was interrupted. */
export async function inside(
  site: Site,
  instance: string,
  command: readonly string[],
  interrupt?: AbortSignal,
): Promise<void> {
  const { engine, desired } = site;
  const { code, output } = await site.ask(() =>
    captured((io) => engine.exec(desired.deployment, instance, command, io), interrupt),
  );
  if (code === 0) return;
  const last = output.trim().split('\n').at(-1) ?? '';
  throw new KollageError({
    code: 'KLG-502',
    message: `${command.join(' ')} in ${instance} ends with ${code}: ${last}`,
  });
}
