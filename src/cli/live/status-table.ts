import type { Status, WorkloadStatus } from '../../operate/status.ts';
import { harmless, type Line, span, type Tone, widthOf } from './text.ts';

/**
 * A status as lines: a head, then each workload with why it is not healthy and its last log lines. Where there is a height it is kept: what is
 * not healthy stands first then, and the healthy ones become one line when there is no room for all.
 */
export function statusLines(now: Status, height = Number.POSITIVE_INFINITY): Line[] {
  const { workloads } = now;
  const width = Math.max(0, ...workloads.map(({ workload }) => widthOf(workload)));
  const all = workloads.flatMap((row) => linesOf(row, width));
  const head = headOf(now);
  const notAsked = now.notAsked === null ? [] : [notAskedLine(now.notAsked)];
  if (1 + notAsked.length + all.length <= height) return [head, ...notAsked, ...all];
  const [healthy, ill] = [workloads.filter(isHealthy), workloads.filter((row) => !isHealthy(row))];
  const rows = ill.flatMap((row) => linesOf(row, width));
  const room = Math.max(0, height - 2 - notAsked.length);
  const rest = rows.length > room ? `, and more that are not` : '';
  return [
    head,
    ...notAsked,
    ...rows.slice(0, room),
    [span(`  ${healthy.length} healthy`, 'good'), span(rest, 'bad')] satisfies Line,
  ].slice(0, height);
}

/** Whether everything is as it should be: what the command's exit code tells. */
export function isWell(now: Status): boolean {
  return now.workloads.every(isHealthy);
}

function isHealthy({ state }: WorkloadStatus): boolean {
  return state === 'healthy';
}

function headOf({ deployment, release, revision, unfinished, workloads }: Status): Line {
  return [
    span(deployment, 'bold'),
    span(`  release ${release}, revision ${revision}, `),
    span(`${workloads.filter(isHealthy).length} of ${workloads.length} healthy`),
    span(unfinished ? '  not finished: run kollage up' : '', 'wait'),
  ];
}

function notAskedLine(reason: string): Line {
  return [span(`  the platform itself was not asked: ${harmless(reason)}`, 'wait')];
}

function linesOf(row: WorkloadStatus, width: number): Line[] {
  return [
    [
      span(`  ${row.state.padEnd(9)}`, tones[row.state]),
      span(`  ${row.workload.padEnd(width)}`),
      span(row.why ? `  ${harmless(row.why)}` : ''),
    ],
    ...row.logs.map((line): Line => [span(`             | ${harmless(line)}`, 'dim')]),
  ];
}

const tones: Readonly<Record<WorkloadStatus['state'], Tone>> = {
  healthy: 'good',
  outdated: 'wait',
  changed: 'wait',
  unhealthy: 'bad',
  stopped: 'bad',
  missing: 'bad',
  away: 'bad',
};
