import { backupsOf, type ConfigBundle, type Task } from '../model/resource.ts';
import type { TaskDefinition } from '../model/service.ts';
import type { Definition, Part } from './definition.ts';
import { hash } from './fingerprint.ts';
import { type Known, nothing, qualify } from './needs.ts';
import { checkRole } from './placement.ts';
import { type Draft, draftProcess, processScope } from './process.ts';
import type { Scope } from './scope.ts';
import type { Compiling } from './workload.ts';

/** A one-time job, with the fingerprint by which it is known as done; beside it the job that takes it back, if there is one. */
export function tasks(
  compiling: Compiling,
  definition: Definition,
  name: string,
  part: Part<TaskDefinition>,
  outer: Scope,
): (Task | ConfigBundle)[] {
  const { value } = part;
  const scope = processScope(compiling.context, definition, part, '', outer);
  if (!scope.when(value.when)) return [];
  const id = `${definition.name}/${name}`;
  const phase = value.phase;
  const own = phase === 'bootstrap' ? [] : [definition.name];
  const changes = [...(value.changes ?? own)].sort();
  const made = job(compiling, definition, { id, phase, changes }, value, scope);
  if (value.undo === undefined) return made;
  const undo = { id: `${id}.undo`, phase: 'undo', changes: [] } as const;
  return [
    ...made,
    ...job(
      compiling,
      definition,
      undo,
      { ...value, command: value.undo, outputs: {}, unless: undefined },
      scope,
    ),
  ];
}

function job(
  { context, known, overrides, placements, roles }: Compiling,
  definition: Definition,
  called: Pick<Task, 'id' | 'phase' | 'changes'>,
  value: TaskDefinition,
  scope: Scope,
): (Task | ConfigBundle)[] {
  const role = scope.text(value.role ?? definition.service.role ?? 'controller', 'role');
  checkRole(role, roles, scope.place('role'));
  const target = { definition, component: null, host: null };
  const { draft, bundle } = draftProcess(
    context,
    known,
    overrides,
    called.id,
    target,
    placements.of(role),
    value,
    scope,
  );
  if (called.phase === 'backup' && !draft.mounts.some(({ source }) => source === backupsOf(definition.name)))
    throw scope.mistake(
      'a backup lies in the volume `backups` of its service, and this mounts none',
      'mounts',
    );
  const made: Task = {
    kind: 'task',
    service: definition.name,
    ...called,
    ...draft,
    timeout: value.timeout,
    retries: value.retries,
    each: value.each,
    outputs: value.outputs,
    ...unless(definition, value, draft, scope),
    ...awaits(definition, known, value, scope),
    ...identity(called.id, value.rerun, draft, bundle, context.input.deployment.secrets),
  };
  return bundle ? [made, bundle] : [made];
}

/** Where there is nothing to do. KLG-209 where the task that would tell is not needed: it might not have ended. */
function unless(
  { name }: Definition,
  value: TaskDefinition,
  { needs }: Draft,
  scope: Scope,
): Pick<Task, 'unless'> {
  if (!value.unless) return {};
  const { key, is } = value.unless;
  const output = qualify(value.unless.output, name);
  if (!needs.some((need) => need.kind === 'task' && need.task === output))
    throw scope.mistake(`only a task that it needs can tell, and ${output} is none`, 'unless', 'output');
  return { unless: { output, key, is: scope.text(is, 'unless', 'is') } };
}

/** What it waits for by itself. KLG-202 for a component that is not on. */
function awaits(
  { name }: Definition,
  known: Known,
  value: TaskDefinition,
  scope: Scope,
): Pick<Task, 'awaits'> {
  if (value.awaits.length === 0) return {};
  return {
    awaits: value.awaits.map((reference, index) => {
      const id = qualify(scope.text(reference, 'awaits', index), name);
      if (known.health.has(id)) return id;
      throw nothing(scope.within(['awaits']), `the component ${id}`, index);
    }),
  };
}

/**
 * What makes a task another task is what its definition says (`rerun`): a db-sync is the same one when only a time-out in
 * its configuration changed, and another one with another image.
 */
function identity(
  id: string,
  rerun: TaskDefinition['rerun'],
  draft: Draft,
  bundle: ConfigBundle | null,
  secretPrints: ReadonlyMap<string, string>,
): Pick<Task, 'inputs' | 'fingerprint'> {
  const inputs: Record<string, string> = {};
  if (rerun.includes('image')) inputs['image'] = hash(draft.image);
  if (rerun.includes('command')) inputs['spec'] = hash([draft.command, draft.user]);
  if (rerun.includes('env')) inputs['env'] = hash(draft.env);
  if (rerun.includes('config'))
    for (const file of bundle?.files ?? []) if (file.path !== null) inputs[`file:${file.name}`] = file.hash;
  if (rerun.includes('secrets'))
    for (const secret of draft.secrets) inputs[`secret:${secret}`] = secretPrints.get(secret) ?? 'missing';
  return { inputs, fingerprint: hash([id, inputs]) };
}
