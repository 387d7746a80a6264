import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { KollageError } from '../../src/model/error.ts';
import type { KollageEvent } from '../../src/model/event.ts';
import { destroy } from '../../src/operate/destroy.ts';
import { type HealEvent, heal } from '../../src/operate/heal/heal.ts';
import { openWard } from '../../src/operate/heal/ward.ts';
import { ensureSecrets } from '../../src/operate/secrets.ts';
import { status } from '../../src/operate/status.ts';
import { up } from '../../src/operate/up.ts';
import { verify } from '../../src/operate/verify.ts';
import { evidence } from '../support/evidence.ts';
import { scratch } from '../support/folders.ts';
import { haveImages } from '../support/images.ts';
import { type Belongings, belongings, Cloud, settle } from '../upgrade/cloud.ts';
import { dump } from './data.ts';
import { Platform } from './platform.ts';
import { phasesOf, subjects } from './subjects.ts';

/*
 * `npm run takeback`: each service of OpenStack is made to fail in each phase of a change, and afterwards configuration, images and databases are
 * what they were, byte for byte. It takes the ports of an all-in-one and an hour. KOLLAGE_TAKEBACK=keystone,glance tries these alone, with
 * what they need (without Nova, Neutron and Open vSwitch it disturbs nobody beside it); KOLLAGE_TEST_ADDRESS is where it listens.
 */

const chosen = process.env['KOLLAGE_TAKEBACK']?.split(',') ?? Object.keys(subjects);
const address = process.env['KOLLAGE_TEST_ADDRESS'] ?? '127.0.0.1';
const name = `kollage-takeback${address === '127.0.0.1' ? '' : `-${address.split('.').at(-1)}`}`;
const folder = join(scratch(), 'deployment');
const { signal } = new AbortController();
const tried = chosen.map((subject) => [subject, subjects[subject]] as const);
const chosenServices = new Set(tried.flatMap(([, one]) => one?.service ?? []));
const hasGuests = chosenServices.has('nova') || chosenServices.has('neutron');
// There is nothing to use without Keystone; and where there are guests, users have what `settle` makes.
const services = ['keystone', ...chosenServices, ...(hasGuests ? ['heat'] : [])];
const platform = new Platform({ folder, name, address, services });
const cloud = new Cloud(folder, address);
let ids: Belongings | null = null;

interface Told {
  readonly code: string | null;
  readonly message: string;
  readonly number: number | null;
  readonly events: readonly KollageEvent[];
}

async function bringUp(): Promise<Told> {
  const events: KollageEvent[] = [];
  const emit = (event: KollageEvent) => events.push(event);
  try {
    const number = await up({ folder, emit, planned: () => undefined, signal });
    return { code: null, message: '', number, events };
  } catch (error) {
    if (!(error instanceof KollageError)) throw error;
    return { code: error.code, message: error.message, number: null, events };
  }
}

/** A line for each workload, and those of the dump. */
async function everything(): Promise<string[]> {
  const workloads = Object.entries(evidence(name)).map(([id, what]) => `${id} ${JSON.stringify(what)}`);
  return [...workloads, ...(await dump(folder, name, address)).split('\n')];
}

/** What processes report of themselves may come a moment later: Nova disables a node that has lost libvirt, and enables it again. */
async function becomes(before: readonly string[]): Promise<void> {
  const same = async () => {
    const now = await everything();
    const [was, is] = [new Set(before), new Set(now)];
    const gone = before.filter((line) => !is.has(line)).map((line) => `- ${line}`);
    const differing = [...gone, ...now.filter((line) => !was.has(line)).map((line) => `+ ${line}`)];
    expect(differing, differing.join('\n')).toEqual([]);
    expect(now).toEqual(before);
  };
  await vi.waitFor(same, { timeout: 120_000, interval: 500 });
}

/** An answer may take longer than `status` waits for it on a node where much goes on. */
async function becomesHealthy(): Promise<void> {
  const ailing = async () => (await status(folder)).workloads.filter(({ state }) => state !== 'healthy');
  await vi.waitFor(async () => expect(await ailing()).toEqual([]), { timeout: 300_000, interval: 500 });
}

/** What whoever watches over it does when it has looked at all of it twice. */
async function watched(): Promise<HealEvent[]> {
  const events: HealEvent[] = [];
  const stop = new AbortController();
  await using ward = await openWard({ folder, every: 100, signal: stop.signal });
  let looks = 0;
  const look = async () => {
    const seen = await ward.look();
    if (++looks === 2) stop.abort();
    return seen;
  };
  await heal({
    ward: { ...ward, look },
    emit: (event) => events.push(event),
    signal: stop.signal,
    now: Date.now,
  });
  return events;
}

/** Seconds until it failed, and then until all was as before. */
function times(events: readonly KollageEvent[]): [number, number] {
  const at = (type: KollageEvent['type']) => events.find((event) => event.type === type)?.at ?? Number.NaN;
  const [began, back, end] = [at('run-started'), at('taking-back'), at('run-ended')];
  return [(back - began) / 1000, (end - back) / 1000];
}

/** What failed, with the end of its log. */
function failures(events: readonly KollageEvent[]): string[] {
  return events.flatMap((event) =>
    event.type === 'change-failed' ? [event.key, event.message, ...event.logs] : [],
  );
}

beforeAll(async () => {
  await haveImages('zed', 'mariadb-server');
  platform.good();
  await ensureSecrets(folder);
  // The first time there is nothing to go back to: where it is too slow on a busy node, the next run goes on.
  let first = await bringUp();
  for (let more = 2; first.code === 'KLG-504' && more > 0; more--) first = await bringUp();
  expect(first.code, first.message).toBeNull();
  if (!hasGuests) return;
  await cloud.login();
  ids = await settle(cloud);
  // The agent of DHCP may come after the server is up.
  const moving = /'DOWN',.*'network:dhcp'/;
  const atRest = async () => expect((await everything()).filter((line) => moving.test(line))).toEqual([]);
  await vi.waitFor(atRest, { timeout: 240_000, interval: 1000 });
});

afterAll(() => destroy(folder, { data: false }));

describe.each(tried)('%s', (what, subject) => {
  if (!subject) throw new Error(`there is no ${what}; there are ${Object.keys(subjects).join(', ')}`);

  test.each(phasesOf(subject))('%s', async (phase) => {
    const before = await everything();
    platform.spoil(subject, phase);
    const { code, message, events } = await bringUp();
    expect(['KLG-504', 'KLG-505'], message).toContain(code);
    const why = failures(events).join('\n');
    expect(why).toContain(`:${subject.service}/`);
    if (subject.migrations[phase])
      expect(message, why).toContain(`${subject.migrations[phase]} ended with 9`);
    await becomes(before);
    await becomesHealthy();
    const [failed, undone] = times(events).map((seconds) => seconds.toFixed(1));
    process.stdout.write(`${what}\t${phase}\tfailed after ${failed} s\tundone in ${undone} s\t${message}\n`);

    const again = await bringUp();
    expect(again).toMatchObject({ code: 'KLG-511', message: expect.stringContaining(message), events: [] });
    expect((await watched()).filter(({ type }) => type === 'change-started')).toEqual([]);
    await becomes(before);
    platform.good();
    expect(await bringUp()).toMatchObject({ code: null, number: null });
  });

  test('and it can be used', async () => {
    const said: string[] = [];
    const emit = (event: KollageEvent) => {
      if (event.type === 'step') said.push(`${event.key} ${event.text}`);
      if (event.type === 'change-failed') said.push(`${event.key} ${event.message}`, ...event.logs);
    };
    const none = () => undefined;
    const proven = verify({ folder, names: [], planned: none, emit, file: none, signal });
    await expect(proven, said.join('\n')).resolves.toBeUndefined();
    if (ids === null) return;
    await cloud.login();
    expect(await belongings(cloud, ids)).toMatchObject({
      image: 'active',
      server: 'ACTIVE',
      stack: 'CREATE_COMPLETE',
    });
  });
});
