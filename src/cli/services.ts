import type { Command } from 'commander';
import type { Switched } from '../load/services-on.ts';

/** What the options below give. */
export interface ServiceOptions {
  readonly with?: readonly string[];
  readonly without?: readonly string[];
}

/** `--with` and `--without`, for commands that look at a deployment's services. `more` says what becomes of the choice. */
export function withServices(command: Command, more = ''): Command {
  return command
    .option('--with <service>', `with this service too, and those it cannot do without${more}`, gathered)
    .option('--without <service>', `without this service${more}`, gathered);
}

/** The services that are switched. */
export function switchedBy({ with: on, without: off }: ServiceOptions): Switched {
  return { ...(on && { with: on }), ...(off && { without: off }) };
}

/** An option that may be given more than once, or with commas. */
function gathered(text: string, before: readonly string[] = []): string[] {
  return [...before, ...text.split(',').filter(Boolean)];
}
