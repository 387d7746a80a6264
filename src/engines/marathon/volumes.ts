import { KollageError } from '../../model/error.ts';
import type { Site } from './cluster.ts';
import { volumeName } from './names.ts';
import { agentCommand } from './render/agent-command.ts';
import type { Runs } from './runs.ts';

/**
 * Takes volumes away with their data, on every agent: they are volumes of the agents' Docker, of which Mesos and Marathon know nothing. On each of them a
 * command runs that asks its Docker, whose command line an agent with Docker's containerizer has. KLG-502 where one says no.
 */
export async function removeVolumes(
  { mesos }: Site,
  runs: Runs,
  deployment: string,
  ids: readonly string[],
): Promise<void> {
  const names = ids.map((id) => volumeName(deployment, id));
  const agents = (await mesos.agents()).filter(({ active }) => active);
  await Promise.all(
    agents.map(async ({ hostname }) => {
      // `--force` is no error for what is not there; what is in use is.
      const line = `docker volume rm --force ${names.join(' ')}`;
      const { code, why } = await runs.once(agentCommand(deployment, 'volumes', hostname, hostname, line));
      if (code === 0) return;
      const message = `the volumes of ${deployment} on ${hostname} cannot be removed: ${why}`;
      throw new KollageError({ code: 'KLG-502', message });
    }),
  );
}
