import { type Hooks, updatedServices, type When } from '../execute/hooks.ts';
import type { DeploymentFile, Hook } from '../model/deployment.ts';
import { KollageError, oneLine } from '../model/error.ts';
import type { Plan } from '../model/plan.ts';
import type { Desired } from '../model/resource.ts';
import { type Around, runCommand } from './command.ts';

/** Asks a person; null where nobody can be asked. */
export type Confirm = ((question: string, signal: AbortSignal) => Promise<boolean>) | null;

type All = DeploymentFile['hooks'];

/** The hooks of a deployment, as they are carried out: one after the other. */
export function hooksOf(all: All, around: Omit<Around, 'signal'>, confirm: Confirm): Hooks {
  const of = (service: string, when: When) => all[service]?.[when] ?? [];
  return {
    names: (service, when) =>
      of(service, when).map((hook) =>
        oneLine('pause' in hook ? `a yes: ${hook.pause}` : `hook ${nameOf(hook)}`),
      ),
    run: async (service, when, signal) => {
      for (const hook of of(service, when)) {
        if ('pause' in hook) await waitForYes(hook.pause, confirm, signal);
        else {
          const problem = await runCommand(hook, { ...around, signal });
          signal.throwIfAborted();
          if (problem === null) continue;
          const message = `${nameOf(hook)}, ${when} the update of ${service}: ${problem}`;
          throw new KollageError({ code: 'KLG-514', message });
        }
      }
    },
  };
}

/** KLG-515 where hooks of a plan would wait for a person, and nobody can be asked. */
export function refuseSilence(all: All, plan: Plan, last: Desired | null, confirm: Confirm): void {
  if (confirm) return;
  for (const [service, occasions] of updatedServices(plan, last))
    for (const when of occasions)
      for (const hook of all[service]?.[when] ?? [])
        if ('pause' in hook)
          throw new KollageError({
            code: 'KLG-515',
            message: `"${hook.pause}" is asked ${when} the update of ${service}, and nobody can answer here`,
          });
}

async function waitForYes(question: string, confirm: Confirm, signal: AbortSignal): Promise<void> {
  const isYes = await confirm?.(question, signal);
  signal.throwIfAborted();
  if (!isYes) throw new KollageError({ code: 'KLG-515', message: `the answer to "${question}" was not yes` });
}

function nameOf(hook: Extract<Hook, { command: string }>): string {
  return hook.name ?? hook.command;
}
