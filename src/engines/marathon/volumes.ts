import { KollageError } from '../../model/error.ts';
import type { Site } from './cluster.ts';
import { volumeName } from './names.ts';
import type { Runs } from './runs.ts';

/** What the command that takes volumes away may take of an agent. Memory in MB. */
const usual = { cpus: 0.1, mem: 32 } as const;

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
      const { code, why } = await runs.once(
        {
          id: `${deployment}.volumes.${hostname}.${Date.now()}`,
          name: `${deployment} volumes`,
          ...usual,
          where: [['hostname', 'LIKE', hostname.replaceAll('.', '\\.')]],
          // `--force` is no error for what is not there; what is in use is.
          command: { shell: true, value: `docker volume rm --force ${names.join(' ')}` },
        },
        () => undefined,
      );
      if (code === 0) return;
      const message = `the volumes of ${deployment} on ${hostname} cannot be removed: ${why}`;
      throw new KollageError({ code: 'KLG-502', message });
    }),
  );
}
