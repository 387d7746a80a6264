import { parentPort } from 'node:worker_threads';
import { KollageError } from '../../src/model/error.ts';
import { graphFormats } from '../../src/operate/graph.ts';
import { planDeployment } from '../../src/operate/plan.ts';
import { renderDeployment } from '../../src/operate/render.ts';
import { buildGraph } from '../../src/plan/graph.ts';
import type { Outcome } from './outcome.ts';

/*
 * Runs what a person would run on a folder, beside the test: so that a loop without end can be ended, memory be limited, and
 * what is printed on the way be seen.
 */

const printed: string[] = [];
for (const stream of [process.stdout, process.stderr]) {
  stream.write = (chunk: string | Uint8Array) => printed.push(String(chunk)) > 0;
}

async function look(folder: string): Promise<Outcome> {
  try {
    const plan = await planDeployment({ folder });
    const { desired, files } = await renderDeployment(folder, []);
    const graphs = Object.values(graphFormats).map((print) => print(buildGraph(desired)));
    const text = JSON.stringify([plan, desired, files, graphs]);
    return { kind: 'done', findings: plan.findings, text, printed: printed.splice(0) };
  } catch (error) {
    const text = error instanceof Error ? `${error.stack} ${JSON.stringify(error)}` : String(error);
    if (!(error instanceof KollageError))
      return { kind: 'crash', findings: [], text, printed: printed.splice(0) };
    return {
      kind: 'refused',
      findings: [error.finding, ...error.also],
      text: `${JSON.stringify([error.finding, error.also, error.message])}`,
      printed: printed.splice(0),
    };
  }
}

parentPort?.on('message', async (folder: string) => parentPort?.postMessage(await look(folder)));
