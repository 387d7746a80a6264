import type { Mode, ObservedInstance, Reason } from '../../model/plan.ts';
import type { ConfigBundle, Workload } from '../../model/resource.ts';
import { type ImageIds, idBehind } from '../image-ids.ts';
import { modeOnChange, strongest } from '../mode.ts';
import { followMode } from '../outputs.ts';
import { isMadeAnew } from '../reasons/inputs.ts';
import { nodesText } from '../reasons/nodes.ts';

/** What was found out about the instances that stay where they are. */
export interface Judgement {
  /** The nodes of those that must be acted on. */
  readonly touched: readonly string[];
  /** How many of them do not run: acting on those disturbs nobody. */
  readonly down: number;
  readonly mode: Mode;
  readonly reasons: readonly Reason[];
  /** Whether there are some, and all were made as they shall be now. */
  readonly settled: boolean;
}

interface Verdict {
  readonly mode: Mode;
  readonly reason: Omit<Reason, 'where'> | null;
}

/** What an instance shall be. */
export interface Wanted {
  readonly before: Workload | undefined;
  readonly after: Workload;
  /** Its files. */
  readonly bundle: ConfigBundle | undefined;
  /** What the difference between the revisions asks of one that is still as the last revision made it. */
  readonly mode: Mode;
  readonly images: ImageIds;
}

/** Compares each instance that stays with what it shall be. Linear in instances. */
export function judge(
  there: readonly ObservedInstance[],
  stay: readonly string[],
  wanted: Wanted,
): Judgement {
  const { after } = wanted;
  const kept = keep(there, stay, after);
  const touched: string[] = [];
  const modes = new Set<Mode>();
  const grouped = new Map<string, { reason: Omit<Reason, 'where'>; nodes: string[] }>();
  for (const instance of kept) {
    const verdicts = verdictsOn(instance, wanted);
    const hardest = strongest(...verdicts.map((verdict) => verdict.mode));
    if (hardest !== 'in-place') touched.push(instance.node);
    modes.add(hardest);
    for (const { reason } of verdicts) {
      if (!reason) continue;
      const key = `${reason.what} ${reason.before} ${reason.diff}`;
      const group = grouped.get(key);
      if (group) group.nodes.push(instance.node);
      else grouped.set(key, { reason, nodes: [instance.node] });
    }
  }
  return {
    touched: touched.sort(),
    down: kept.filter((instance) => instance.state === 'stopped').length,
    mode: strongest(...modes),
    reasons: [...grouped.values()].map(({ reason, nodes }) => ({
      ...reason,
      where: nodesText(nodes.sort()),
    })),
    settled: kept.length > 0 && kept.every((instance) => instance.fingerprint === after.fingerprint),
  };
}

/** How one instance becomes what it shall be; null when it is that already. */
export function modeOf(instance: ObservedInstance, wanted: Wanted): Mode | null {
  const { before, after } = wanted;
  const verdicts = verdictsOn(instance, wanted);
  const hardest = strongest(...verdicts.map(({ mode }) => mode));
  const right =
    instance.fingerprint === after.fingerprint &&
    isGiven(before, after) &&
    verdicts.every(({ reason }) => reason === null);
  return hardest === 'in-place' && right ? null : hardest;
}

function verdictsOn(instance: ObservedInstance, wanted: Wanted): Verdict[] {
  const { after, images } = wanted;
  return [
    madeFrom(instance, wanted),
    inState(instance),
    runsImage(instance, after, images),
    isFilled(instance, after),
    ...changedByHand(instance, wanted),
  ];
}

/** What is no part of a process' fingerprint, and an engine gives an instance that runs. */
const given = ['resources', 'needs', 'stop'] as const;

function isGiven(before: Workload | undefined, after: Workload): boolean {
  return !before || given.every((field) => JSON.stringify(before[field]) === JSON.stringify(after[field]));
}

const fine: Verdict = { mode: 'in-place', reason: null };

function madeFrom({ fingerprint }: ObservedInstance, { before, after, mode }: Wanted): Verdict {
  if (fingerprint === after.fingerprint)
    return before && isMadeAnew(before, after) ? { mode: 'restart', reason: null } : fine;
  if (fingerprint === before?.fingerprint) return { mode, reason: null };
  return { mode: 'replace', reason: { what: 'drift', before: 'made from another revision' } };
}

function inState({ state }: ObservedInstance): Verdict {
  if (state === 'stopped')
    return { mode: 'restart', reason: { what: 'state', before: 'stopped', after: 'running' } };
  if (state === 'unhealthy')
    return { mode: 'restart', reason: { what: 'state', before: 'unhealthy', after: 'healthy' } };
  return fine;
}

/** A reference that came to mean another image since; where either id is not known, nothing is concluded. */
function runsImage({ image }: ObservedInstance, after: Workload, images: ImageIds): Verdict {
  const now = idBehind(images, after.image);
  if (image === undefined || now === undefined || image === now) return fine;
  return { mode: 'replace', reason: { what: 'drift', before: `runs another build of ${after.image}` } };
}

/** An instance whose files hold a value that somebody publishes another one of now. */
function isFilled({ outdated = {} }: ObservedInstance, after: Workload): Verdict {
  const [first] = Object.entries(outdated);
  if (!first) return fine;
  const [output, { before, after: now }] = first;
  return {
    mode: followMode(after, Object.keys(outdated)),
    reason: { what: 'state', before: `${output} = ${before ?? 'nothing'}`, after: now },
  };
}

function changedByHand({ drift = [] }: ObservedInstance, { after, bundle }: Wanted): Verdict[] {
  return drift.map(({ text, diff, remedy }) => ({
    mode: typeof remedy === 'string' ? remedy : modeOfFile(remedy.file, after, bundle),
    reason: { what: 'drift', before: text, ...(diff === undefined ? {} : { diff }) },
  }));
}

/** A file that is not wanted any more goes by the difference between the revisions. */
function modeOfFile(name: string, workload: Workload, bundle: ConfigBundle | undefined): Mode {
  const file = bundle?.files.find((one) => one.name === name);
  return file ? modeOnChange(file.onChange, workload) : 'in-place';
}

/** Of the instances of a node that holds more than stay there, those that are nearest to what they shall be. */
function keep(
  there: readonly ObservedInstance[],
  stay: readonly string[],
  after: Workload,
): readonly ObservedInstance[] {
  if (there.length === stay.length) return there;
  const left = new Map<string, number>();
  for (const node of stay) left.set(node, (left.get(node) ?? 0) + 1);
  // Sorted down to the last detail, so that the order in which an engine tells them does not matter.
  const rank = (instance: ObservedInstance) =>
    [
      instance.fingerprint === after.fingerprint ? 0 : 1,
      instance.state === 'running' ? 0 : 1,
      instance.drift?.length ?? 0,
      instance.fingerprint,
      instance.state,
      JSON.stringify(instance.drift),
    ].join(' ');
  const sorted = there
    .map((instance) => ({ instance, key: rank(instance) }))
    .sort((a, b) => (a.key < b.key ? -1 : 1))
    .map(({ instance }) => instance);
  return sorted.filter(({ node }) => {
    const count = left.get(node) ?? 0;
    left.set(node, count - 1);
    return count > 0;
  });
}
