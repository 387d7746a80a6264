import type { Agent } from '../../mesos/agents.ts';
import type { App } from './apps.ts';
import type { Driver } from './driver.ts';
import { type Instance, type InstanceTracker, isActive, isLost, isScheduled } from './instances.ts';
import { match, type Reason, reasons } from './match.ts';

/** Milliseconds between two rounds of offers. Mesos has a second (`--allocation_interval`). */
const turn = 100;

/** How long an app is not launched again (mesosphere/marathon, core/launchqueue/impl/RateLimiter.scala). Milliseconds. */
interface Delay {
  readonly since: number;
  readonly current: number;
}

/** What came of the offers since an app is waiting (core/launchqueue/impl/OfferMatchStatistics.scala). */
export interface Statistics {
  readonly since: number;
  processed: number;
  unused: number;
  lastUnusedAt: number | null;
  lastUsedAt: number | null;
  /** The last of each agent. */
  readonly last: Map<Agent, { readonly reasons: readonly Reason[]; readonly at: number }>;
  /** By the first reason of each. */
  readonly rejected: Map<Reason, number>;
}

/** Launches what is scheduled, where an agent has what it takes, but not more often than it may fail. */
export class LaunchQueue {
  readonly #agents: readonly Agent[];
  readonly #tracker: InstanceTracker;
  readonly #driver: Driver;
  readonly #delays = new Map<string, Delay>();
  readonly #statistics = new Map<string, Statistics>();
  readonly #timer: NodeJS.Timeout;
  #round = 0;
  /** As long as nobody leads, nothing is launched. */
  paused = false;

  constructor(agents: readonly Agent[], tracker: InstanceTracker, driver: Driver) {
    this.#agents = agents;
    this.#tracker = tracker;
    this.#driver = driver;
    this.#timer = setInterval(() => this.#turn(), turn);
  }

  close(): void {
    clearInterval(this.#timer);
  }

  add(app: App, count: number): void {
    for (let at = 0; at < count; at++) this.#tracker.schedule(app);
  }

  /** A task of it has failed. */
  addDelay(app: App): void {
    const before = this.#delays.get(key(app));
    const most = app.maxLaunchDelaySeconds * 1000;
    const current = before ? before.current * app.backoffFactor : app.backoffSeconds * 1000;
    this.#delays.set(key(app), { since: Date.now(), current: Math.min(current, most) });
  }

  resetDelay(app: App): void {
    this.#delays.delete(key(app));
  }

  /** One of it runs: the delay counts from now on. */
  advanceDelay(app: App): void {
    const before = this.#delays.get(key(app));
    if (before) this.#delays.set(key(app), { ...before, since: Date.now() });
  }

  /** Milliseconds until it may be launched again. */
  delayOf(app: App): number {
    const delay = this.#delays.get(key(app));
    return delay ? Math.max(0, delay.since + delay.current - Date.now()) : 0;
  }

  /** What waits, by app. */
  get waiting(): readonly { app: App; count: number; statistics: Statistics | null }[] {
    const byApp = Map.groupBy(this.#tracker.all.filter(isScheduled), ({ app }) => app.id);
    return [...byApp].flatMap(([id, instances]) => {
      const [first] = instances;
      return first
        ? [{ app: first.app, count: instances.length, statistics: this.#statistics.get(id) ?? null }]
        : [];
    });
  }

  #turn(): void {
    if (this.paused) return;
    for (const [id, delay] of this.#delays) {
      // RateLimiter.scala: cleanUpOverdueDelays.
      const app = this.#tracker.all.find((one) => key(one.app) === id)?.app;
      if (!app || Date.now() > delay.since + Math.max(delay.current, app.maxLaunchDelaySeconds * 1000))
        this.#delays.delete(id);
    }
    this.#round++;
    const scheduled = this.#tracker.all.filter(isScheduled);
    for (const id of this.#statistics.keys())
      if (!scheduled.some(({ app }) => app.id === id)) this.#statistics.delete(id);
    for (const instance of scheduled) if (this.delayOf(instance.app) === 0) this.#place(instance);
  }

  #place(instance: Instance): void {
    const { app } = instance;
    const statistics = this.#statisticsOf(app);
    const placed = this.#tracker.of(app.id).filter((one) => isActive(one) && !isLost(one));
    const agents = this.#agents.filter(({ reachable }) => reachable);
    // Which agent offers first is nobody's to rely on.
    const at = this.#round % Math.max(1, agents.length);
    for (const agent of [...agents.slice(at), ...agents.slice(0, at)]) {
      statistics.processed++;
      const outcome = match(app, agent, placed);
      if ('reasons' in outcome) {
        statistics.unused++;
        statistics.lastUnusedAt = Date.now();
        statistics.last.set(agent, { reasons: outcome.reasons, at: statistics.lastUnusedAt });
        const first = reasons.find((one) => outcome.reasons.includes(one));
        if (first) statistics.rejected.set(first, (statistics.rejected.get(first) ?? 0) + 1);
        continue;
      }
      statistics.lastUsedAt = Date.now();
      this.#driver.launch(app, this.#tracker.provision(instance, agent, outcome.ports));
      return;
    }
  }

  #statisticsOf(app: App): Statistics {
    const found = this.#statistics.get(app.id);
    if (found) return found;
    const made: Statistics = {
      since: Date.now(),
      processed: 0,
      unused: 0,
      lastUnusedAt: null,
      lastUsedAt: null,
      last: new Map(),
      rejected: new Map(),
    };
    this.#statistics.set(app.id, made);
    return made;
  }
}

/** Not each version: those of a change of scale or a restart by hand have the same delay. */
function key({ id, lastConfigChangeAt }: App): string {
  return `${id} ${lastConfigChangeAt}`;
}
