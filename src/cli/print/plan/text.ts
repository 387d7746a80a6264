import type { Change } from '../../../model/plan.ts';

/** What a plan's printer is told. */
export interface PrintOptions {
  readonly colour: boolean;
  /** Columns of the terminal. */
  readonly width: number;
  /** Every reason of every change, every line of every difference. */
  readonly verbose?: boolean;
}

/** Texts come from configuration files: what would steer the terminal is shown, not sent. */
export function safe(text: string): string {
  return text.replace(/[^\P{Cc}\t\n]/gu, (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`);
}

/** A text in at most so many columns, with … where something was left out. */
export function shorten(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(1, width - 1))}…`;
}

/** `1 task`, `2 tasks`, `2,000 tasks`. */
export function count(number: number, noun: string): string {
  return `${number.toLocaleString('en')} ${noun}${number === 1 ? '' : 's'}`;
}

export function kindOf(change: Change): string {
  return change.key.slice(0, change.key.indexOf(':'));
}

export function idOf(change: Change): string {
  return change.key.slice(change.key.indexOf(':') + 1);
}

/** The service that a change belongs to; secrets are the deployment's. */
export function serviceOf(change: Change): string {
  const id = idOf(change);
  const slash = id.indexOf('/');
  return slash === -1 ? '' : id.slice(0, slash);
}

export function isProcess(change: Change): boolean {
  return change.key.startsWith('workload:') || change.key.startsWith('task:');
}

/** Whether an update stops the process for a while, or takes its container away. */
export function restarts(change: Change): boolean {
  return (
    change.action === 'update' && change.mode !== 'in-place' && change.mode !== 'reload' && isProcess(change)
  );
}
