import type { Replicas } from '../load/scaled.ts';
import { maxReplicas } from '../model/deployment.ts';
import { KollageError, throwFirst } from '../model/error.ts';
import { runChecks } from '../plan/checks/checks.ts';
import { setValue } from './kollage-yaml/set.ts';
import { changeDeploymentFile } from './kollage-yaml/write.ts';
import { prepare } from './prepare.ts';

/**
 * Reads numbers of instances as a person writes them, `service/component=2`. KLG-901 for what is not written so, and for a component that is named
 * twice or is to have more than 10,000.
 */
export function readReplicas(words: readonly string[]): Replicas {
  const replicas = new Map<string, number>();
  for (const word of words) {
    const [, id, number] = /^([^/=]+\/[^/=]+)=(\d{1,6})$/.exec(word) ?? [];
    if (id === undefined || number === undefined)
      throw new KollageError({
        code: 'KLG-901',
        message: `${word} is not a component and its number of instances`,
        next: 'Write it like glance/api=2.',
      });
    if (Number(number) > maxReplicas)
      throw new KollageError({ code: 'KLG-901', message: `${word}: ${maxReplicas} at most` });
    if (replicas.has(id)) throw new KollageError({ code: 'KLG-901', message: `${id} is named twice` });
    replicas.set(id, Number(number));
  }
  return replicas;
}

/**
 * Writes numbers of instances into the deployment's kollage.yaml, for whoever brings it up next. Nothing is written where it could not be brought up so:
 * KLG-105 for unknown components, KLG-104 for those that run once on each node, KLG-404 where two instances would listen on one port, and
 * whatever else can be known without looking at what runs.
 */
export async function writeReplicas(folder: string, replicas: Replicas): Promise<void> {
  const { desired, findings } = await prepare(folder, { replicas });
  throwFirst([...findings, ...runChecks({ desired, last: null, observed: {} })]);
  changeDeploymentFile(folder, (text) =>
    [...replicas].reduce((now, [id, number]) => {
      const [service = '', component = ''] = id.split('/');
      return setValue(now, ['services', service, 'components', component, 'replicas'], number);
    }, text),
  );
}
