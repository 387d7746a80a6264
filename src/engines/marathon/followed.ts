import type { EngineEvent } from '../engine.ts';
import type { EventQueue } from '../event-queue.ts';
import type { Site } from './cluster.ts';
import { attemptOf, type Instance, instancesOf, isSettled } from './looked.ts';
import { objectName } from './names.ts';
import { type AppShape, appOf, appsOf, workloadOf } from './shapes.ts';
import { unplaced } from './unplaced.ts';

interface State {
  /** Those whose process is known to have begun. */
  began: ReadonlySet<string>;
  isSettled: boolean;
  attempt: string;
  /** Why no agent takes what is still to be started. */
  trouble: string;
  /** Told when an instance comes to be well, or is so no more. */
  readonly changed: () => void;
}

/** Milliseconds in which what happens to an app is gathered into one look at it. */
const gather = 30;

/** Follows the apps of a deployment: which of their instances begin, when all is as it shall be, and why it is not. */
export class Followed {
  readonly #site: Site;
  readonly #queue: EventQueue<EngineEvent>;
  readonly #signal: AbortSignal;
  readonly #fail: (error: unknown) => void;
  readonly #states = new Map<string, State>();
  /** Looks that are under way or about to be, by app; `true`: another one is wanted after it. */
  readonly #looks = new Map<string, boolean>();

  constructor(
    site: Site,
    queue: EventQueue<EngineEvent>,
    signal: AbortSignal,
    fail: (error: unknown) => void,
  ) {
    this.#site = site;
    this.#queue = queue;
    this.#signal = signal;
    this.#fail = fail;
  }

  /** What is there already is not told. */
  async begin(): Promise<void> {
    for (const app of await appsOf(this.#site)) await this.#see(app, true);
  }

  /** Something has happened to an app. */
  touch(id: string): void {
    if (this.#signal.aborted) return;
    if (this.#looks.has(id)) {
      this.#looks.set(id, true);
      return;
    }
    this.#looks.set(id, false);
    setTimeout(() => void this.#lookAt(id).catch(this.#fail), gather);
  }

  touchAll(): void {
    for (const id of this.#states.keys()) this.touch(id);
  }

  /** Looks at all, while something is not as it shall be. */
  async look(): Promise<void> {
    if (this.#signal.aborted || [...this.#states.values()].every((one) => one.isSettled)) return;
    const [apps, why] = await Promise.all([appsOf(this.#site), unplaced(this.#site)]);
    for (const app of apps) {
      const known = this.#states.get(app.id);
      if (known?.isSettled === true && known.attempt === attemptOf(app)) continue;
      await this.#see(app, false);
      this.#trouble(app, why.get(app.id) ?? '');
    }
  }

  async #lookAt(id: string): Promise<void> {
    const app = await appOf(this.#site, id);
    if (app === null) this.#states.delete(id);
    else await this.#see(app, false);
    const again = this.#looks.get(id);
    this.#looks.delete(id);
    if (again) this.touch(id);
  }

  async #see(app: AppShape, isOld: boolean): Promise<void> {
    const workload = workloadOf(app);
    if (workload === null) return;
    const known = this.#states.get(app.id);
    const changed = known?.changed ?? (() => this.touch(app.id));
    const instances = await instancesOf(this.#site, app, changed);
    if (this.#signal.aborted) return;
    const of = objectName(workload);
    const settled = isSettled(app, instances);
    const attempt = attemptOf(app);
    const state: State = {
      began: new Set(instances.flatMap(({ task, since }) => (since === null ? [] : [task.id]))),
      isSettled: settled,
      attempt,
      trouble: known?.trouble ?? '',
      changed,
    };
    const before = this.#states.get(app.id);
    this.#states.set(app.id, state);
    if (isOld) return;
    for (const one of instances) this.#begun(of, one, before?.began);
    if (settled && !(before?.isSettled && before.attempt === attempt))
      this.#queue.push({ type: 'settled', instance: of, of, attempt });
  }

  /** Of those that wait their own reports tell. */
  #begun(of: string, { task, since, waits }: Instance, before: ReadonlySet<string> | undefined): void {
    if (waits || since === null || before?.has(task.id)) return;
    this.#queue.push({ type: 'started', instance: task.id, of, node: task.host ?? '', since });
  }

  #trouble(app: AppShape, why: string): void {
    const state = this.#states.get(app.id);
    const workload = workloadOf(app);
    if (state === undefined || workload === null || state.trouble === why) return;
    state.trouble = why;
    const of = objectName(workload);
    this.#queue.push({ type: 'trouble', instance: of, of, why, fatal: false });
  }
}
