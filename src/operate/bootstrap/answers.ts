import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { rolesAttribute } from '../../engines/marathon/names.ts';
import { KollageError, messageOf } from '../../model/error.ts';
import { ZooKeeperClient } from '../../zookeeper/client.ts';
import { type Part, ports } from './layout.ts';

/** Milliseconds between two questions, and that one answer may take. */
const [between, each] = [250, 5000];

const agents = z.object({
  slaves: z.array(
    z.object({
      hostname: z.string(),
      active: z.boolean(),
      attributes: z.record(z.string(), z.unknown()).default({}),
    }),
  ),
});

/** Where a part is asked, as a person would ask. */
export function addressOf({ kind, host }: Part): string {
  return kind === 'zookeeper'
    ? `${host.address}:${ports.zookeeper}`
    : `http://${host.address}:${ports[kind]}`;
}

/**
 * Waits until a part does what it is there for: a session with ZooKeeper, a healthy master, an agent that a leading master knows with its roles, Marathon. Gives null, or
 * why not when `end` (performance.now) has come. KLG-506 for the signal.
 */
export async function answers(
  part: Part,
  masters: readonly Part[],
  end: number,
  signal: AbortSignal,
): Promise<string | null> {
  for (;;) {
    const why = await askOnce(part, masters, end).catch(messageOf);
    if (signal.aborted) throw new KollageError({ code: 'KLG-506', message: 'interrupted' });
    if (why === null || performance.now() > end) return why;
    await pause(between, undefined, { signal }).catch(() => undefined);
  }
}

/** Null, or why not. */
async function askOnce(part: Part, masters: readonly Part[], end: number): Promise<string | null> {
  const { kind, host } = part;
  switch (kind) {
    case 'zookeeper': {
      const patience = Math.max(each, Math.min(15_000, end - performance.now()));
      const client = new ZooKeeperClient({
        servers: [{ host: host.address, port: ports.zookeeper }],
        timeout: each,
        patience,
      });
      try {
        await client.exists('/');
        return null;
      } finally {
        await client.close();
      }
    }
    case 'master':
      await get(`${addressOf(part)}/health`);
      return null;
    case 'agent':
      return isRegistered(part, masters);
    case 'marathon': {
      const said = (await get(`${addressOf(part)}/ping`)).trim();
      return said === 'pong' ? null : `it says ${said.slice(0, 100)}`;
    }
  }
}

/** A master that does not lead leads on to the one that does. */
async function isRegistered({ host }: Part, masters: readonly Part[]): Promise<string | null> {
  let trouble = 'there is no master';
  for (const master of masters) {
    let said: string;
    try {
      said = await get(`${addressOf(master)}/slaves`);
    } catch (error) {
      trouble = messageOf(error);
      continue;
    }
    const { slaves } = agents.parse(JSON.parse(said));
    const known = slaves.find(({ hostname, active }) => hostname === host.name && active);
    if (!known) return 'the master does not know it';
    const has = known.attributes[rolesAttribute];
    return has === host.roles.join('/') ? null : `the master knows it with ${rolesAttribute} ${String(has)}`;
  }
  return trouble;
}

async function get(url: string): Promise<string> {
  let answer: Response;
  try {
    answer = await fetch(url, { signal: AbortSignal.timeout(each) });
  } catch (error) {
    const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
    throw new Error(`${url}: ${messageOf(cause)}`);
  }
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${url}: ${answer.status} ${answer.statusText}`);
  return text;
}
