import type { DeploymentFile } from '../model/deployment.ts';
import type { StateStore } from './store.ts';

/** How a state is opened. */
export interface Opening {
  /** For who looks again and again: what is read may be a moment old, and nothing is written by it. */
  readonly live?: boolean;
  /** The secrets of the deployment's folder, by name: some states are closed to who does not know one. */
  readonly secret?: (name: string) => Promise<string | undefined>;
}

/** Opens the state of a deployment, which lies beside the engine that it runs on; one begins where there is none. Loads only the kind that is meant. */
export async function openState(
  engine: DeploymentFile['engine'],
  deployment: string,
  how: Opening = {},
): Promise<StateStore> {
  const { type, address, context, namespace } = typeof engine === 'string' ? named(engine) : engine;
  if (type === 'kubernetes') {
    const { KubernetesClient } = await import('../kubernetes/client.ts');
    const { KubernetesStore } = await import('./kubernetes/store.ts');
    const { LiveClient } = await import('../kubernetes/live.ts');
    const client = await (how.live ? LiveClient : KubernetesClient).connect({ kubeconfig: address, context });
    return new KubernetesStore(client, namespace ?? deployment, deployment);
  }
  if (type === 'marathon' || type === 'dcos') {
    const { openDeploymentIn, zookeeperOf } = await import('../zookeeper/deployment.ts');
    const { ZooKeeperStore } = await import('./zookeeper/store.ts');
    const { client, key } = await openDeploymentIn(zookeeperOf(engine), deployment, how.secret);
    return new ZooKeeperStore(client, deployment, key);
  }
  const { SqliteStore } = await import('./sqlite.ts');
  return new SqliteStore(deployment);
}

/** The state of a deployment; null where nothing was ever begun. Makes nothing. */
export async function existingState(
  engine: DeploymentFile['engine'],
  deployment: string,
  how: Opening = {},
): Promise<StateStore | null> {
  const { hasState } = await import('./home.ts');
  const type = typeof engine === 'string' ? engine : engine.type;
  if (type === 'docker') return hasState(deployment) ? openState(engine, deployment) : null;
  const state = await openState(engine, deployment, how);
  if ((await state.history()).length > 0) return state;
  await state.close();
  return null;
}

function named(type: Extract<DeploymentFile['engine'], string>): Exclude<DeploymentFile['engine'], string> {
  return { type };
}
