/** A call that the master refused, or that did not reach it: it was not done, or nobody knows. What holds is told by events. */
export class CallError extends Error {
  override readonly name = 'CallError';
  /** The HTTP status; 0 where there was no answer. */
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** This scheduler is not to go on: another one took its place, or the master does not take it at all. */
export class SchedulerError extends Error {
  override readonly name = 'SchedulerError';
}
