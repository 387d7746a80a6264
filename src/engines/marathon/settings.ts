import type { DeploymentFile } from '../../model/deployment.ts';
import { zookeeperOf } from '../../zookeeper/deployment.ts';

/** What kollage.yaml says of Mesos. */
export interface MarathonSettings {
  /** URLs of Marathons. */
  readonly marathon: readonly string[];
  /** URLs of Mesos masters. */
  readonly mesos: readonly string[];
  /** PEM of who signed their certificates; null for those that Node trusts. */
  readonly ca: string | null;
  /** As whom to log in to these; null where nobody asks. */
  readonly user: string | null;
  /** ZooKeeper's servers, `zk1:2181,zk2:2181`. */
  readonly zookeeper: string;
  /** The driver of volumes that are there on every agent; null where volumes lie on one agent each. */
  readonly driver: string | null;
}

/** Fills in what `engine` of kollage.yaml leaves out: the names that Mesos-DNS gives; where it has the masters, there is ZooKeeper as a rule. */
export function settingsOf(engine: DeploymentFile['engine']): MarathonSettings {
  const given: Exclude<DeploymentFile['engine'], string> =
    typeof engine === 'string' ? { type: engine } : engine;
  return {
    marathon: urls(given.address ?? 'http://marathon.mesos:8080'),
    mesos: urls(given.mesos ?? 'http://leader.mesos:5050'),
    ca: given.ca ?? null,
    user: given.user ?? null,
    zookeeper: zookeeperOf(engine),
    driver: given.storage?.class ?? null,
  };
}

function urls(text: string): string[] {
  return text.split(',').map((one) => one.trim().replace(/\/+$/, ''));
}
