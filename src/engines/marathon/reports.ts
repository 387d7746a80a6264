import type { EngineEvent } from '../engine.ts';
import type { EventQueue } from '../event-queue.ts';
import type { Site } from './cluster.ts';
import { appId, objectName } from './names.ts';
import type { Report } from './records.ts';

/** Follows what the containers of a deployment say of themselves while they wait: a node for each in ZooKeeper, which goes with it. */
export class Reports {
  readonly #site: Site;
  readonly #queue: EventQueue<EngineEvent>;
  readonly #signal: AbortSignal;
  readonly #fail: (error: unknown) => void;
  readonly #began: (app: string) => void;
  /** What each said last. */
  readonly #said = new Map<string, string>();
  readonly #watchers = new Map<string, () => void>();

  constructor(
    site: Site,
    queue: EventQueue<EngineEvent>,
    signal: AbortSignal,
    fail: (error: unknown) => void,
    began: (app: string) => void,
  ) {
    this.#site = site;
    this.#queue = queue;
    this.#signal = signal;
    this.#fail = fail;
    this.#began = began;
  }

  /** What was said already is not told. */
  begin(): Promise<void> {
    return this.#list(true);
  }

  readonly #changed = (): void => {
    if (!this.#signal.aborted) void this.#list(false).catch(this.#fail);
  };

  async #list(isOld: boolean): Promise<void> {
    const names = await this.#site.records.reporting(this.#changed);
    const there = new Set(names);
    for (const name of this.#said.keys()) if (!there.has(name)) this.#forget(name);
    const fresh = names.filter((name) => !this.#watchers.has(name));
    await Promise.all(fresh.map((name) => this.#read(name, isOld)));
  }

  #forget(name: string): void {
    this.#said.delete(name);
    this.#watchers.delete(name);
  }

  async #read(name: string, isOld: boolean): Promise<void> {
    const watcher =
      this.#watchers.get(name) ??
      (() => {
        if (!this.#signal.aborted) void this.#read(name, false).catch(this.#fail);
      });
    this.#watchers.set(name, watcher);
    const report = await this.#site.records.report(name, watcher);
    if (report === null || this.#signal.aborted) return;
    const text = JSON.stringify([report.state, needsOf(report)]);
    if (this.#said.get(name) === text) return;
    this.#said.set(name, text);
    if (!isOld) this.#tell(report);
  }

  #tell(report: Report): void {
    const { deployment } = this.#site;
    const of = objectName(report.id);
    // A run of a task goes by the name of that: Marathon's tasks begin otherwise.
    const instance = report.instance.startsWith(`${deployment}.`) ? of : report.instance;
    const about = { instance, of, node: report.node };
    if (report.state === 'waiting') this.#queue.push({ type: 'waiting', needs: needsOf(report), ...about });
    if (report.state !== 'started') return;
    this.#queue.push({ type: 'started', since: Date.parse(report.at), ...about });
    this.#began(appId(deployment, report.id));
  }
}

/** What is not there yet, as people call it. */
export function needsOf({ needs }: Report): string[] {
  return needs.flatMap(({ need, metAfterSeconds }) => (metAfterSeconds == null ? [need] : []));
}
