import type { Change, Observed, Plan } from '../model/plan.ts';
import { type Desired, keyOf, mends, type ResourceKey, type Task, type Workload } from '../model/resource.ts';
import { numbersOf } from '../model/slots.ts';
import { type Acts, actsOf } from '../plan/acts.ts';
import { imageIds } from '../plan/image-ids.ts';
import { idOf } from '../plan/timeline/names.ts';
import { turns } from '../plan/turns.ts';
import { allOrFirst } from './all-or-first.ts';
import { changeBehind } from './behind.ts';
import { changeWhole } from './change-whole.ts';
import { type Before, changeWorkload, type RunningBalancer } from './change-workload.ts';
import { Around, type Hooks } from './hooks.ts';
import { publishNews } from './outputs.ts';
import { Renewals } from './renewals.ts';
import { runTask } from './run-task.ts';
import { type Access, Site } from './site.ts';
import { takeAway } from './take-away.ts';

export interface Execution extends Access {
  readonly plan: Plan;
  /** What the plan rests on; nothing when not given. */
  readonly last?: Desired | null;
  readonly observed?: Observed;
  /** Whether workloads that the plan leaves alone are waited for too: after a run that did not end well some may still be coming up. */
  readonly settle: boolean;
  /** Called before a task is run, and waited for: what it does cannot be seen afterwards. */
  readonly begins?: (task: Task) => Promise<void>;
  readonly hooks?: Hooks | undefined;
}

/**
 * Carries out a plan: every container is made at the same time and waits inside for what it needs; what runs already is touched in turns (turns.ts). It
 * is done when every changed workload is healthy and every task has ended well; only then that is removed which is not wanted any
 * more. What was healthy and dies meanwhile is started again. Throws the first failure (KLG-504, KLG-505); what was begun is then left as it is,
 * and running it again goes on.
 */
export async function execute(execution: Execution): Promise<void> {
  const site = new Site(execution);
  try {
    await new Run(execution, site).all();
  } finally {
    await site.close();
  }
}

class Run {
  readonly #x: Execution;
  readonly #site: Site;
  readonly #acts: Acts;
  readonly #turns: ReadonlyMap<ResourceKey, readonly ResourceKey[]>;
  readonly #balancers: readonly RunningBalancer[];
  readonly #around: Around | null;
  readonly #done = new Map<ResourceKey, PromiseWithResolvers<void>>();
  readonly #renewals: Renewals | null;

  constructor(execution: Execution, site: Site) {
    const { plan, desired, last = null, observed = {} } = execution;
    this.#x = execution;
    this.#site = site;
    this.#acts = actsOf(desired, last, imageIds(observed));
    this.#turns = turns(plan, desired, last);
    this.#around = execution.hooks ? new Around(plan, execution.hooks, site.until) : null;
    this.#balancers = (observed.instances ?? []).flatMap(({ workload, name, state }) => {
      const balancer = site.resources.get(`workload:${workload}`);
      if (balancer?.kind !== 'workload' || !balancer.balances || name === undefined || state === 'stopped')
        return [];
      return [{ name, balances: balancer.balances }];
    });
    for (const { key } of plan.changes) this.#done.set(key, Promise.withResolvers());
    const { whole } = site.engine;
    this.#renewals = whole ? new Renewals(site, whole, (key) => this.#done.get(key)?.promise) : null;
  }

  async all(): Promise<void> {
    const { plan } = this.#x;
    const { engine, desired, resources } = this.#site;
    const changes = plan.changes.filter(({ action }) => action !== 'delete');
    for (const { key } of changes) {
      const resource = resources.get(key);
      if (resource?.kind === 'volume') await engine.makeVolume(desired.deployment, resource, desired);
    }
    await publishNews(this.#site, this.#x.observed ?? {});
    const gone = Map.groupBy(
      plan.changes.filter(({ action }) => action === 'delete'),
      ({ key }) => this.#acts.before(idOf(key))?.balances !== undefined,
    );
    // A balancer has ports that those behind it take again.
    await this.#together((gone.get(true) ?? []).map((change) => this.#delete(change)));
    await this.#together([...changes.map((change) => this.#change(change)), ...this.#others(changes)]);
    if (this.#renewals) await this.#together([this.#renewals.done()]);
    await this.#together((gone.get(false) ?? []).map((change) => this.#delete(change)));
  }

  /** All of them, and whatever was healthy before is so at the end. */
  async #together(jobs: readonly Promise<void>[]): Promise<void> {
    const { stop, until, lives } = this.#site;
    await allOrFirst([...jobs, lives.wellAfter(jobs)], stop);
    until.throwIfAborted();
  }

  /** Starting what runs already only tells how far it is. */
  #others(changes: readonly Change[]): Promise<void>[] {
    if (!this.#x.settle) return [];
    const changed = new Set(changes.map(({ key }) => key));
    return [...this.#site.resources].flatMap(([key, resource]) =>
      resource.kind === 'workload' && !changed.has(key) ? [this.#workload(resource, undefined)] : [],
    );
  }

  async #change(change: Change): Promise<void> {
    const site = this.#site;
    const resource = site.resources.get(change.key);
    if (resource?.kind === 'workload') return this.#told(change, () => this.#workload(resource, change));
    if (resource?.kind === 'task' && change.action === 'run')
      return this.#told(change, async () => {
        await this.#x.begins?.(resource);
        await this.#forgetOthers(resource);
        if (!(await this.#isNeedless(resource))) await runTask(site, resource);
      });
    this.#done.get(change.key)?.resolve();
  }

  async #workload(workload: Workload, change: Change | undefined): Promise<void> {
    const { whole } = this.#site.engine;
    if (whole) {
      await changeWhole(this.#site, workload, whole);
      this.#renewals?.after(workload);
      return;
    }
    const before = this.#before(workload.id);
    await (numbersOf(workload).length > 0
      ? changeBehind(this.#site, workload, before)
      : changeWorkload(this.#site, workload, change, before));
  }

  /** What mends is done only as long as no other did it since: going back to an earlier one means to run that again. */
  async #forgetOthers(task: Task): Promise<void> {
    if (!mends(task)) return;
    const { id, fingerprint } = task;
    const { engine, desired } = this.#site;
    for (const done of this.#x.observed?.tasks ?? [])
      if (done.id === id && done.fingerprint !== fingerprint)
        await engine.forgetTask(desired.deployment, id, done.fingerprint);
  }

  /** Whether there is nothing to do for a task, which another one tells at its end; it is recorded as done then. */
  async #isNeedless(task: Task): Promise<boolean> {
    if (!task.unless) return false;
    await this.#site.unlessAborted(
      this.#after(keyOf(task), task.placement.nodes, [`task:${task.unless.output}`]),
    );
    return this.#site.ask(() => this.#site.engine.recordTask(this.#site.desired.deployment, task));
  }

  #before(id: string): Before {
    const instances = this.#x.observed?.instances?.filter(({ workload }) => workload === id) ?? [];
    const there = instances.map((instance, index) => ({
      ...instance,
      name: instance.name ?? this.#site.instanceName(id, index + 1),
    }));
    return { acts: this.#acts, there, balancers: this.#balancers };
  }

  /** Waits for its turn, and says what begins, how it ends, and with a failure the last lines of its log. */
  async #told(change: Change, act: () => Promise<void>): Promise<void> {
    const { key, action, mode, reasons } = change;
    const site = this.#site;
    site.emit({ type: 'change-started', key, action, ...(mode === undefined ? {} : { mode }), reasons });
    try {
      await site.unlessAborted(this.#turn(change));
      const told = (needs: readonly string[]) => this.#waits(change, needs);
      await site.unlessAborted(this.#around?.before(change, told) ?? Promise.resolve());
      await act();
      await site.unlessAborted(this.#around?.after(change, told) ?? Promise.resolve());
      if (site.until.aborted) return;
      site.emit({ type: 'change-done', key });
      this.#done.get(key)?.resolve();
    } catch (error) {
      if (site.until.aborted) return;
      await site.tellFailure(key, error);
      throw error;
    }
  }

  #turn({ key, nodes }: Change): Promise<void> {
    return this.#after(key, nodes, this.#turns.get(key) ?? []);
  }

  #waits({ key, nodes }: Pick<Change, 'key' | 'nodes'>, needs: readonly string[]): void {
    const instance = this.#site.instanceName(idOf(key));
    this.#site.emit({ type: 'waiting', key, instance, node: nodes[0] ?? '', needs });
  }

  /** Waits for other changes to be done, those that there are, and says so. */
  async #after(key: ResourceKey, nodes: readonly string[], others: readonly ResourceKey[]): Promise<void> {
    const open = others.filter((other) => this.#done.has(other));
    if (open.length === 0) return;
    this.#waits(
      { key, nodes },
      open.map((other) => idOf(other)),
    );
    await Promise.all(open.map((other) => this.#done.get(other)?.promise));
  }

  async #delete(change: Change): Promise<void> {
    // Volumes hold data: they go only with the deployment itself.
    if (!change.key.startsWith('workload:')) return;
    const id = idOf(change.key);
    await this.#told(change, async () => {
      const gone = this.#before(id).there;
      await Promise.all(gone.map((instance) => takeAway(this.#site, this.#acts.before(id), instance)));
    });
  }
}
