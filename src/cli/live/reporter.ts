import { KollageError } from '../../model/error.ts';
import type { KollageEvent } from '../../model/event.ts';
import type { Plan } from '../../model/plan.ts';
import type { Desired } from '../../model/resource.ts';
import { type Needs, needsOf } from '../../plan/timeline/needs.ts';
import { nothing, type Track, track } from '../../plan/timeline/track.ts';
import type { Paint } from '../colour.ts';
import { eventPrinter } from '../print/event.ts';
import { printPlan } from '../print/plan.ts';
import { summary } from './summary.ts';
import { symbolsFor } from './symbols.ts';
import { paintLine } from './text.ts';
import { LiveView } from './view.ts';

/** Tells a run to someone. */
export interface Reporter {
  /** Before anything is changed. */
  planned(plan: Plan, desired: Desired): void;
  /** Before anything runs of which there is no plan. */
  follows(desired: Pick<Desired, 'resources'>): void;
  event(event: KollageEvent): void;
  /** The run was told to stop, and has not yet. */
  stopping(): void;
  /** Leaves the terminal to a question until it is answered. */
  aside<T>(ask: () => Promise<T>): Promise<T>;
  /** It went well; null: there was nothing to do. */
  done(revision: number | null): void;
  /** What stopped it. Gives whether that is told herewith. */
  failed(error: unknown): boolean;
}

export interface Reported {
  readonly out: NodeJS.WriteStream;
  readonly paint: Paint;
  readonly env: NodeJS.ProcessEnv;
}

const nobody: Needs = { of: new Map(), named: new Map() };

/** For a person: the plan, then live on a terminal or else a line for each event, then what is said at the end. */
export function personReporter({ out, paint, env }: Reported, last = summary): Reporter {
  const symbols = symbolsFor(env);
  const live = Boolean(out.isTTY) && env['TERM'] !== 'dumb';
  const begun = Date.now();
  const line = eventPrinter(begun, paint);
  let needs = nobody;
  let view: LiveView | undefined;
  let run: Track = nothing;
  const end = (revision: number | null) => {
    if (view) return view.end(revision);
    if (run.startedAt === null) return;
    const lines = last(run, needs, { symbols, columns: out.columns ?? 100, revision });
    for (const line of lines) out.write(`${paintLine(line, Number.POSITIVE_INFINITY, paint)}\n`);
  };
  const follows = (desired: Pick<Desired, 'resources'>) => {
    needs = needsOf(desired);
    if (live) view = new LiveView(out, paint, symbols, needs, last);
  };
  return {
    planned: (plan, desired) => {
      out.write(printPlan(plan, { colour: paint.isColorSupported, width: out.columns ?? 100 }));
      follows(desired);
    },
    follows,
    event: (event) => {
      run = track(run, event);
      if (view) view.show(event);
      else out.write(line(event));
    },
    stopping: () => {
      if (view) view.stopping();
      else out.write('Stopping; a second interrupt leaves at once.\n');
    },
    aside: (ask) => view?.aside(ask) ?? ask(),
    done: end,
    failed: () => {
      end(null);
      return false;
    },
  };
}

/** For programs: JSON lines. The events, and at the end a `result` or an `error`. */
export function jsonReporter({ out, env }: Pick<Reported, 'out' | 'env'>): Reporter {
  const begun = Date.now();
  const tell = (line: object) => out.write(`${JSON.stringify(line)}\n`);
  return {
    planned: () => undefined,
    follows: () => undefined,
    event: tell,
    stopping: () => undefined,
    aside: (ask) => ask(),
    done: (revision) =>
      tell({ at: Date.now(), type: 'result', revision, seconds: (Date.now() - begun) / 1000 }),
    failed: (error) => {
      const findings = error instanceof KollageError ? [error.finding, ...error.also] : [unforeseen(error)];
      const stack = env['KOLLAGE_DEBUG'] && error instanceof Error ? { stack: error.stack } : {};
      tell({ at: Date.now(), type: 'error', findings, ...stack });
      return true;
    },
  };
}

function unforeseen(error: unknown) {
  return {
    code: 'KLG-902',
    severity: 'error',
    message: error instanceof Error ? error.message : String(error),
  };
}
