import type { DeploymentFile } from '../../model/deployment.ts';

/** What kollage.yaml says of Mesos. */
export interface MarathonSettings {
  /** ZooKeeper's servers, `zk1:2181,zk2:2181`. */
  readonly zookeeper: string;
  /** The driver of volumes that are there on every agent; null where volumes lie on one agent each. */
  readonly driver: string | null;
}

/** Fills in what `engine` of kollage.yaml leaves out: where Mesos-DNS has the masters, there is ZooKeeper as a rule. */
export function settingsOf(engine: DeploymentFile['engine']): MarathonSettings {
  const given: Exclude<DeploymentFile['engine'], string> =
    typeof engine === 'string' ? { type: engine } : engine;
  return { zookeeper: given.zookeeper ?? 'master.mesos:2181', driver: given.storage?.class ?? null };
}
