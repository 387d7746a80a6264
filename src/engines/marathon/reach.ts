import type { Answer, Whole } from '../engine.ts';
import type { Site } from './cluster.ts';
import { appsOf, workloadOf } from './shapes.ts';

/** What Mesos-DNS puts behind the names of Marathon's apps. */
const domain = '.marathon.mesos';

/**
 * Makes a request to one of the platform's own addresses. Names that Mesos-DNS gives lead nowhere on a machine that does not ask it, so the
 * registry is asked where an instance is. Throws as `fetch` does.
 */
export async function request(
  known: () => Promise<readonly Site[]>,
  url: string,
  { method, headers, body, signal }: Parameters<Whole['request']>[1],
): Promise<Answer> {
  const to = new URL(url);
  if (to.hostname.endsWith(domain)) {
    const address = await addressOf(await known(), to.hostname.slice(0, -domain.length));
    if (address === null) throw new TypeError(`nobody is registered as ${to.hostname}`);
    to.hostname = address.includes(':') ? `[${address}]` : address;
  }
  const answer = await fetch(to, { method, headers, body, redirect: 'manual', signal });
  return {
    status: answer.status,
    headers: Object.fromEntries(answer.headers),
    text: await answer.text(),
  };
}

/** The address of an instance of the app with this name; null where none is well. */
async function addressOf(sites: readonly Site[], name: string): Promise<string | null> {
  for (const site of sites)
    for (const app of await appsOf(site)) {
      const workload = workloadOf(app);
      if (workload === null || app.id.slice(1).split('/').reverse().join('-') !== name) continue;
      const [first] = await site.znodes.registered(workload);
      if (first) return first.address;
    }
  return null;
}
