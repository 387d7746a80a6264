import type { SecretOf } from '../load/secret-of.ts';
import type { DeploymentFile } from '../model/deployment.ts';
import { KollageError } from '../model/error.ts';
import { serversOf, ZooKeeperClient } from './client.ts';
import { StoreKey } from './seal.ts';

/** The secret from which all rights of a deployment in ZooKeeper are made. */
export const storeKeySecret = 'kollage_store_key';

/** ZooKeeper's servers by kollage.yaml: where Mesos-DNS has the masters, there is ZooKeeper as a rule. */
export function zookeeperOf(engine: DeploymentFile['engine']): string {
  return (typeof engine === 'string' ? undefined : engine.zookeeper) ?? 'master.mesos:2181';
}

/** A client that shows itself as a deployment's owner, and the key that it does so with. KLG-120 where the folder has none. */
export async function openDeploymentIn(
  servers: string,
  deployment: string,
  secret: SecretOf | undefined,
): Promise<{ readonly client: ZooKeeperClient; readonly key: StoreKey }> {
  const value = await secret?.(storeKeySecret);
  if (value === undefined)
    throw new KollageError({
      code: 'KLG-120',
      message: `the secret ${storeKeySecret} is missing, without which nothing in ZooKeeper can be opened`,
    });
  const key = new StoreKey(value, deployment);
  return { key, client: new ZooKeeperClient({ servers: serversOf(servers), credentials: [key.owner] }) };
}
