import { setTimeout as pause } from 'node:timers/promises';
import { keyOf, type Workload } from '../model/resource.ts';
import { numbersOf, portsAt } from '../model/slots.ts';
import type { Acts } from '../plan/acts.ts';
import { assign } from '../plan/instances.ts';
import { act } from './act.ts';
import type { Before } from './change-workload.ts';
import { inside } from './inside.ts';
import { bringUp } from './outputs.ts';
import { probeOnce } from './probe.ts';
import { failure, type Site } from './site.ts';
import { type NamedInstance, takeAway } from './take-away.ts';

/** Milliseconds between two questions to a balancer. */
const probeEvery = 100;
/** Seconds in which a balancer must know a slot and send it requests. */
const joinTime = 30;

/**
 * Makes the instances of a workload what they shall be where new ones stand beside old ones. A new one comes up in a free slot; when it is
 * healthy, its outputs are followed and it gets requests, an old one gets no more, ends what it was asked, and goes. Where no slot is free the old one goes first. KLG-504, KLG-502.
 */
export async function changeBehind(site: Site, workload: Workload, before: Before): Promise<void> {
  const { acts, there } = before;
  const old = acts.before(workload.id) ?? workload;
  const slots = numbersOf(workload);
  // Where there will be fewer, those that go have slots that the balancer does not know for long.
  const all = new Set([...slots, ...numbersOf(old)]);
  const numbers = new Map([...all].map((number) => [site.instanceName(workload.id, number), number]));
  const held = there.map(({ node }) => node);
  const nodes = [...assign(workload, held)];

  const serve = async (number: number, node: string) => {
    const instance = site.instanceName(workload.id, number);
    await bringUp(site, workload, { key: keyOf(workload), instance, node });
    await tell(site, before, 'join', workload, number, node, joinTime);
    if (before.balancers.length === 0) await answersInFront(site, workload);
  };
  const retire = async (instance: NamedInstance) => {
    const { name, node, state } = instance;
    const number = numbers.get(name);
    // When its time to stop is over it is cut off in any case, also where the balancer did not hear.
    if (number !== undefined && state !== 'stopped')
      await tell(site, before, 'leave', old, number, node, old.stop.grace).catch(() => undefined);
    await takeAway(site, old, instance);
    return number !== undefined && slots.includes(number) ? [number] : [];
  };

  const kept = there
    .filter((one) => slots.includes(numbers.get(one.name) ?? 0) && stays(acts, workload, one))
    .slice(0, nodes.length);
  for (const { node } of kept) nodes.splice(nodes.indexOf(node), 1);
  await Promise.all(
    kept.map(async (instance) => {
      const mode = acts.modeOf(workload, instance);
      if (mode !== null) await act(site, workload, old, instance, mode);
      await serve(numbers.get(instance.name) ?? 1, instance.node);
    }),
  );
  const others = Map.groupBy(
    there.filter((instance) => !kept.includes(instance)),
    ({ state }) => state === 'stopped' || workload.update.strategy === 'recreate',
  );
  await Promise.all((others.get(true) ?? []).map(retire));
  const serving = others.get(false) ?? [];
  const taken = new Set([...kept, ...serving].map(({ name }) => numbers.get(name)));
  const free = slots.filter((number) => !taken.has(number));
  if (serving.length === 0) {
    await Promise.all(nodes.map((node, index) => serve(free[index] ?? 1, node)));
    return;
  }
  for (const node of nodes) {
    const next = serving.shift();
    const beside = free.length > 0;
    if (next && !beside) free.push(...(await retire(next)));
    await serve(free.shift() ?? 1, node);
    if (next && beside) free.push(...(await retire(next)));
  }
  await Promise.all(serving.map(retire));
}

/** Whether an instance goes on, perhaps with other files. */
function stays(acts: Acts, workload: Workload, instance: NamedInstance): boolean {
  const mode = acts.modeOf(workload, instance);
  return instance.state !== 'stopped' && (mode === null || mode === 'in-place' || mode === 'reload');
}

/** Tells every balancer that runs what becomes of a slot. KLG-502 where one does not do it in so many seconds. */
async function tell(
  site: Site,
  { balancers }: Before,
  what: 'join' | 'leave',
  workload: Workload,
  number: number,
  node: string,
  seconds: number,
): Promise<void> {
  for (const { name, balances } of balancers) {
    for (const { endpoint, slot } of portsAt(workload, number)) {
      if (slot === undefined) continue;
      await inside(site, name, [...balances[what], endpoint, node, String(number), String(seconds)]);
    }
  }
}

/** Waits until a balancer that comes up at the same time has found what stands behind it. KLG-504 when it does not. */
async function answersInFront(site: Site, { id, health, ports }: Workload): Promise<void> {
  const probe = health && 'port' in health.probe ? health.probe : null;
  const asked = ports.find(({ slot, port }) => slot === 1 && port === probe?.port);
  const front = asked && site.resources.get(`endpoint:${asked.endpoint}`);
  if (!probe || front?.kind !== 'endpoint') return;
  const { host, port, url } = front;
  const end = Date.now() + joinTime * 1000;
  while (!site.until.aborted) {
    const why = await probeOnce({ ...probe, host, port }, async () => 1, joinTime * 1000);
    if (why === null) return;
    if (Date.now() > end)
      throw failure('KLG-504', `${url} does not answer, while ${id} behind it does: ${why}`);
    await pause(probeEvery, undefined, { signal: site.until }).catch(() => undefined);
  }
}
