import { startMesos } from '../mesos/cluster.ts';
import { startEnsemble, whyNot } from '../zookeeper/ensemble.ts';

/** A cluster of one agent, whose Docker is this host's, for the tests of the engine. */
export interface MarathonPlace extends AsyncDisposable {
  readonly marathon: string;
  readonly mesos: string;
  /** `HOST:PORT,…` */
  readonly zookeeper: string;
  /** Marathon's and Mesos', where they ask for some. */
  readonly login: { readonly user: string; readonly password: string } | null;
  /** What Docker calls a volume. */
  readonly volume: (name: string) => string;
}

/** The real cluster that somebody wants tests to run on; null for the stand-in. */
function named(): MarathonPlace | null {
  const { KOLLAGE_TEST_MARATHON: marathon, KOLLAGE_TEST_MESOS: mesos } = process.env;
  const { KOLLAGE_TEST_ZOOKEEPER: zookeeper, KOLLAGE_TEST_LOGIN: login } = process.env;
  if (marathon === undefined) return null;
  if (mesos === undefined || zookeeper === undefined)
    throw new Error(
      'beside KOLLAGE_TEST_MARATHON, KOLLAGE_TEST_MESOS and KOLLAGE_TEST_ZOOKEEPER must be given',
    );
  const [user = '', ...password] = login?.split(':') ?? [];
  return {
    ...{ marathon, mesos, zookeeper },
    login: login === undefined ? null : { user, password: password.join(':') },
    volume: (name) => name,
    async [Symbol.asyncDispose]() {},
  };
}

/** Why tests cannot have a cluster at all; null where they can. */
export function whyNoPlace(): string | null {
  return named() === null ? whyNot() : null;
}

/** Why tests that break their cluster, or look into it, are not run; null where they are. */
export function whyNoStandIn(): string | null {
  return named() === null
    ? whyNot()
    : 'it breaks the cluster it runs on, or looks into it, and KOLLAGE_TEST_MARATHON names a real one';
}

/** The cluster to run tests on. */
export async function openPlace(): Promise<MarathonPlace> {
  const real = named();
  if (real !== null) return real;
  const cluster = await startMesos({ agents: [{ hostname: 'agent-1' }] });
  const ensemble = await startEnsemble(1, cluster.gateway);
  return {
    marathon: cluster.marathon,
    mesos: cluster.mesos,
    zookeeper: ensemble.servers.map(({ host, port }) => `${host}:${port}`).join(),
    login: null,
    volume: (name) => cluster.volume('agent-1', name),
    async [Symbol.asyncDispose]() {
      await ensemble[Symbol.asyncDispose]();
      await cluster[Symbol.asyncDispose]();
    },
  };
}
