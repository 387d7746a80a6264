import type { Timeline } from '../../src/plan/timeline/timeline.ts';
import type { Use } from './meter.ts';

/** A run that was measured. */
export interface Run {
  /** What containers used, by their keys: task:nova/db-sync. */
  readonly used: ReadonlyMap<string, Use>;
  readonly machine: number;
  readonly own: number;
  /** Of containers that are not the deployment's. */
  readonly others: number;
  readonly timeline: Timeline;
}

/** The tables of a run all at once, and of one that did the same one by one. */
export function tables(all: Run, single: Run | undefined): string {
  const { timeline } = all;
  const processes = new Map(timeline.processes.map((process) => [`${process.kind}:${process.id}`, process]));
  const rows = [...all.used]
    .toSorted(([, a], [, b]) => b.cpu - a.cpu)
    .map(([key, { cpu, memory }]) => {
      const process = processes.get(key);
      const times = [process?.started, process?.ended].map((time) => time?.toFixed(1) ?? '');
      const name = process ? named(process.id, process.kind) : key;
      return [name, cpu.toFixed(2), megabytes(memory), ...times, process?.critical ? 'yes' : ''];
    });
  const path = timeline.criticalPath;
  const critical = path.map(({ id, seconds }) => [id, seconds.toFixed(1)]);
  return [
    table(['container', 'processor s', 'MB', 'started, s', 'up, s', 'critical'], rows),
    table(['critical path', 's'], critical),
    table(
      ['in all', ''],
      [
        ['all at once, s', timeline.seconds.toFixed(1)],
        ...whole(all),
        ['memory (PSS), MB', megabytes(sum([...all.used.values()].map((use) => use.memory)))],
        [
          'critical path / all at once',
          (sum(path.map((step) => step.seconds)) / timeline.seconds).toFixed(2),
        ],
        ...(single ? compared(timeline, single) : []),
      ],
    ),
  ].join('\n');
}

function whole({ used, own, machine, others }: Run): string[][] {
  const cpu = processor(used);
  return [
    ['processor s of the containers', cpu.toFixed(1)],
    ['processor s of Kollage', own.toFixed(1)],
    ['processor s of Docker, the kernel, and what else ran', (machine - own - others - cpu).toFixed(1)],
  ];
}

function compared({ seconds }: Timeline, single: Run): string[][] {
  return [
    ['one by one, s', single.timeline.seconds.toFixed(1)],
    ...whole(single).map(([what = '', figure = '']) => [`one by one: ${what}`, figure]),
    ['one by one / all at once', (single.timeline.seconds / seconds).toFixed(2)],
  ];
}

function processor(used: ReadonlyMap<string, Use>): number {
  return sum([...used.values()].map(({ cpu }) => cpu));
}

function named(id: string, kind: 'workload' | 'task'): string {
  return kind === 'task' ? `${id} (task)` : id;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, head.map((_, index) => (index === 0 ? '---' : '--:')), ...rows];
  return lines.map((cells) => `| ${cells.join(' | ')} |\n`).join('');
}

function megabytes(bytes: number): string {
  return bytes === 0 ? '' : (bytes / 1e6).toFixed(0);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
