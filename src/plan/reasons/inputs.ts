import type { Mode, Reason } from '../../model/plan.ts';
import type { ConfigBundle, Process, Task, Workload } from '../../model/resource.ts';
import { secretsIn } from '../../model/token.ts';
import { modeOnChange, strongest } from '../mode.ts';
import { fieldReasons } from './fields.ts';
import type { FileDifference, FileDifferences } from './files.ts';

/** What differs of a workload. */
export interface WorkloadDifference {
  readonly mode: Mode;
  /** Why its process differs: what its fingerprint counts. */
  readonly inputs: readonly Reason[];
  /** What differs beside the process: limits, health, needs, policies. */
  readonly others: readonly Reason[];
}

/**
 * Of these, other code tells: what identifies a process, what follows from other fields, where and how often it
 * runs.
 */
const elsewhere = new Set(
  'kind id service component image inputs fingerprint config secrets placement scale'.split(' '),
);
/** What is a container's own for life, on every engine. */
const spec = new Set('start command env user mounts privileges ports'.split(' '));

/** What the template holds beside that, where an engine makes instances from one. */
const template = ['resources', 'health', 'stop'] as const;

/** Whether an engine that makes instances from a template makes them anew for what is no input of their process. */
export function isMadeAnew(before: Workload, after: Workload): boolean {
  const differ = template.some((field) => JSON.stringify(before[field]) !== JSON.stringify(after[field]));
  return after.placement.by === 'engine' && differ;
}

/**
 * Compares a workload with what it was. Image and spec are a container's own for life: `replace`. A file acts by
 * its `onChange`. A secret acts as the files that hold it do, or stands in the environment (`replace`). Everything else
 * holds without touching the process: `in-place`, unless instances are made from a template that holds it. What counts as an input is the compiler's (docs/decisions/0003).
 */
export function workloadDifference(
  before: Workload,
  after: Workload,
  files: FileDifferences,
  bundle: ConfigBundle | undefined,
): WorkloadDifference {
  const modes: Mode[] = [];
  const inputs: Reason[] = [
    ...imageReasons(before, after),
    ...fieldReasons(before, after, (field) => spec.has(field)),
  ];
  if (differs(before, after, 'image') || differs(before, after, 'spec')) modes.push('replace');
  for (const difference of filesOf(after, files)) {
    modes.push(fileMode(difference, after));
    inputs.push(...difference.reasons);
  }
  for (const secret of rotated(before, after)) {
    modes.push(secretMode(secret, after, bundle));
    inputs.push({ what: 'secret', where: secret });
  }
  if (before.fingerprint !== after.fingerprint && inputs.length === 0) {
    // Nothing that is kept tells what: another version of Kollage may have counted more, or less, as an input.
    modes.push('replace');
    inputs.push(fingerprintReason(before, after));
  }
  // An engine that makes instances from a template makes them anew for whatever is in it.
  if ((inputs.length > 0 && after.placement.by === 'engine') || isMadeAnew(before, after))
    modes.push('restart');
  const others = [
    ...fieldReasons(before, after, (field) => !spec.has(field) && !elsewhere.has(field)),
    ...roleReasons(before, after),
  ];
  return { mode: strongest(...modes), inputs, others };
}

/** Why a task is another one than before: of what differs, only that which its definition counts. */
export function taskReasons(before: Task, after: Task, files: FileDifferences): Reason[] {
  const counted = new Set<string>();
  if (differs(before, after, 'spec')) for (const field of ['command', 'user']) counted.add(field);
  if (differs(before, after, 'env')) counted.add('env');
  const reasons = [
    ...(differs(before, after, 'image') ? imageReasons(before, after) : []),
    ...fieldReasons(before, after, (field) => counted.has(field)),
    ...filesOf(after, files)
      .filter((difference) => differs(before, after, `file:${nameOf(difference)}`))
      .flatMap((difference) => difference.reasons),
    ...rotated(before, after).map((secret): Reason => ({ what: 'secret', where: secret })),
  ];
  return reasons.length > 0 ? reasons : [fingerprintReason(before, after)];
}

/** What differs of a task that stays the same one. */
export function taskDifference(before: Task, after: Task): Reason[] {
  return [
    ...imageReasons(before, after),
    ...fieldReasons(before, after, (field) => !elsewhere.has(field)),
    ...roleReasons(before, after),
  ];
}

function imageReasons(before: Process, after: Process): Reason[] {
  if (before.image === after.image) return [];
  return [{ what: 'image', where: 'image', before: before.image, after: after.image }];
}

function roleReasons(before: Process, after: Process): Reason[] {
  const [was, is] = [before.placement.role, after.placement.role];
  return was === is ? [] : [{ what: 'placement', where: 'role', before: was, after: is }];
}

function fingerprintReason(before: Process, after: Process): Reason {
  return { what: 'field', where: 'fingerprint', before: before.fingerprint, after: after.fingerprint };
}

function filesOf(after: Workload | Task, files: FileDifferences): FileDifference[] {
  // A bundle has the id of its process, and has it still when the process has no files any more.
  return [...files.of(after.id).values()];
}

function fileMode({ before, after }: FileDifference, workload: Workload): Mode {
  // Without Kolla's contract each file is a mount of its own, and mounts are a container's for life.
  const moved = before?.path !== after?.path;
  if (workload.start === 'plain' && moved) return 'replace';
  // What the image's own contract brings into place it never takes away.
  if (!after && before?.onChange !== 'replace') return 'restart';
  const isSameForProcess = before && after && before.hash === after.hash;
  return modeOnChange(isSameForProcess ? 'nothing' : ((after ?? before)?.onChange ?? 'restart'), workload);
}

/** By the files that hold it. One that stands in none of them is only counted on: then nothing is known of how it is read. */
function secretMode(secret: string, after: Workload, bundle: ConfigBundle | undefined): Mode {
  if (secretsIn(Object.values(after.env).join('\n')).includes(secret)) return 'replace';
  const holding = (bundle?.files ?? []).filter(({ content }) => secretsIn(content).includes(secret));
  if (holding.length === 0) return 'restart';
  return strongest(...holding.map((file) => modeOnChange(file.onChange, after)));
}

/** Secrets that had another value. One that is new or gone shows in the file or field that names it. */
function rotated(before: Process, after: Process): string[] {
  return after.secrets.filter((secret) => {
    const was = before.inputs[`secret:${secret}`];
    const is = after.inputs[`secret:${secret}`];
    return was !== undefined && is !== undefined && was !== is;
  });
}

function differs(before: Process, after: Process, input: string): boolean {
  return before.inputs[input] !== after.inputs[input];
}

function nameOf({ before, after }: FileDifference): string {
  return after?.name ?? before?.name ?? '';
}
