import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { compile } from '../src/compile/compile.ts';
import { runChecks } from '../src/plan/checks/checks.ts';
import { makePlan } from '../src/plan/plan.ts';
import { observedOf, platform } from './platform.ts';

/*
 * Compiling and planning for many nodes, 40 components on each: `node bench/scale.ts` prints a table, one process a
 * row. Times are milliseconds, the best of fifteen warm runs. The baseline is reading the observed instances as
 * JSON, the least that any tool must do.
 */

interface Row {
  readonly nodes: number;
  readonly instances: number;
  readonly compile: number;
  readonly first: number;
  readonly update: number;
  readonly checks: number;
  readonly baseline: number;
  readonly cold: number;
  readonly rss: number;
}

const [given] = process.argv.slice(2);
if (given === undefined) table([100, 200, 500, 1000, 2000].map(inProcess));
else process.stdout.write(JSON.stringify(measure(Number(given))));

function inProcess(nodes: number): Row {
  const self = fileURLToPath(import.meta.url);
  return JSON.parse(execFileSync(process.execPath, [self, String(nodes)], { encoding: 'utf8' })) as Row;
}

function measure(nodes: number): Row {
  const [before, after] = [platform(nodes), platform(nodes, '2')];
  const begun = performance.now();
  const last = compile(before).desired;
  const first = makePlan({ desired: last, last: null, observed: {} });
  const cold = performance.now() - begun;
  const observed = observedOf(last);
  const desired = compile(after).desired;
  const text = JSON.stringify(observed.instances);
  return {
    nodes,
    instances: first.changes.reduce((sum, change) => sum + change.instances, 0),
    compile: best(() => compile(before)),
    first: best(() => makePlan({ desired: last, last: null, observed: {} })),
    update: best(() => makePlan({ desired, last, observed })),
    checks: best(() => runChecks({ desired, last, observed })),
    baseline: best(() => JSON.parse(text)),
    cold,
    rss: process.resourceUsage().maxRSS / 1024,
  };
}

function best(work: () => unknown): number {
  let least = Number.POSITIVE_INFINITY;
  for (let run = 0; run < 15; run++) {
    const begun = performance.now();
    work();
    least = Math.min(least, performance.now() - begun);
  }
  return least;
}

function table(rows: readonly Row[]): void {
  const ms = (value: number) => value.toFixed(1);
  const lines = rows.map((row) => {
    const linear = row.update + row.checks;
    return [
      row.nodes,
      row.instances.toLocaleString('en'),
      ms(row.compile),
      ms(row.first),
      ms(row.update),
      ms(row.checks),
      ms(row.baseline),
      (linear / row.baseline).toFixed(1),
      ms(row.cold),
      Math.round(row.rss),
    ];
  });
  const head = [
    'nodes',
    'instances',
    'compile',
    'plan, first',
    'plan, all images new',
    'checks',
    'baseline',
    '(plan + checks) / baseline',
    'cold, first',
    'RSS MB',
  ];
  const all = [head, head.map(() => '--:'), ...lines];
  process.stdout.write(`${all.map((cells) => `| ${cells.join(' | ')} |`).join('\n')}\n`);
}
