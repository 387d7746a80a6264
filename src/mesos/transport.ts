import { type Fetch, Http } from './http.ts';

/** How Mesos, its agents and Marathon are reached. */
export interface Transport {
  readonly fetch: Fetch;
  /** URLs of Marathons, and of Mesos masters. */
  readonly marathon: readonly string[];
  readonly mesos: readonly string[];
  /** URL of the API of an agent, of which its master says the number and `HOST:PORT`. */
  readonly agent: (id: string, address: string) => string;
  /** As whom Mesos is to know the framework that runs tasks; whoever it likes where nothing is said. */
  readonly principal?: string;
  /** Shown with each request (HTTP basic authentication). */
  readonly credentials?: { readonly user: string; readonly password: string };
}

/** Where to, for whom nothing stands between. */
export interface Direct extends Pick<Transport, 'marathon' | 'mesos' | 'credentials'> {
  /** PEM of who signed the servers' certificates. */
  readonly ca?: string;
}

/** Straight to the servers. Agents speak TLS where their masters do, for that is one setting of a cluster's (apache/mesos, docs/ssl.md). */
export function direct({ ca, ...where }: Direct): Transport {
  const scheme = where.mesos[0]?.startsWith('https:') ? 'https' : 'http';
  return { ...where, fetch: new Http(ca).fetch, agent: (_, address) => `${scheme}://${address}` };
}
