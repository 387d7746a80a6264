import type { Action, Mode, Reason } from './plan.ts';
import type { ResourceKey } from './resource.ts';

/*
 * What happens while a plan is carried out. The CLI, the dashboard, `--json` and the tests consume the same stream; a revision keeps it as its
 * timeline. Times are milliseconds since the epoch.
 */

interface At {
  readonly at: number;
}

/** A container of a workload, or a run of a task. */
export interface InstanceRef {
  readonly key: ResourceKey;
  readonly instance: string;
  readonly node: string;
}

export type KollageEvent = At &
  (
    | {
        readonly type: 'run-started';
        readonly run: string;
        readonly deployment: string;
        readonly changes: number;
      }
    | {
        readonly type: 'change-started';
        readonly key: ResourceKey;
        readonly action: Action;
        readonly mode?: Mode;
        readonly reasons: readonly Reason[];
      }
    | { readonly type: 'change-done'; readonly key: ResourceKey }
    | {
        readonly type: 'change-failed';
        readonly key: ResourceKey;
        readonly message: string;
        readonly logs: readonly string[];
      }
    /** The container runs; what is in it still waits for these needs. */
    | ({ readonly type: 'waiting'; readonly needs: readonly string[] } & InstanceRef)
    /** Its needs are met: the process itself starts. */
    | ({ readonly type: 'started' } & InstanceRef)
    | ({ readonly type: 'healthy' } & InstanceRef)
    | ({ readonly type: 'unhealthy'; readonly why: string } & InstanceRef)
    | ({ readonly type: 'exited'; readonly code: number } & InstanceRef)
    /** It was told to stop, and takes its time. */
    | ({ readonly type: 'stopping' } & InstanceRef)
    /** What took its time to stop is gone. */
    | ({ readonly type: 'stopped' } & InstanceRef)
    /** It says of itself what it has done. */
    | ({ readonly type: 'step'; readonly text: string } & InstanceRef)
    /** It failed, and goes back to what ran before. */
    | {
        readonly type: 'taking-back';
        readonly revision: number;
        readonly to: number;
        /** Why; empty where a person wants it. */
        readonly message: string;
      }
    | {
        readonly type: 'run-ended';
        readonly run: string;
        /** reverted: it failed, and was taken back whole. */
        readonly outcome: 'done' | 'failed' | 'interrupted' | 'reverted';
        readonly message?: string;
      }
  );

/** What happens, without when. */
export type EventBody = KollageEvent extends infer E ? (E extends At ? Omit<E, 'at'> : never) : never;
