import type { Command } from 'commander';
import { nodesOfDeployment } from '../../operate/nodes.ts';
import { colours } from '../colour.ts';
import { folderOption } from '../folder.ts';
import { printNodes } from '../print/nodes.ts';

interface Options {
  folder: string;
  json?: boolean;
}

/** `kollage nodes`: the nodes, their roles and what is on each. */
export function register(program: Command): void {
  program
    .command('nodes')
    .description('show the nodes, their roles and what is on each')
    .addOption(folderOption())
    .option('--json', 'for programs')
    .action(async ({ folder, json = false }: Options) => {
      const nodes = await nodesOfDeployment(folder);
      const { stdout: out } = process;
      out.write(
        json ? `${JSON.stringify(nodes, null, 2)}\n` : printNodes(nodes, colours(out), out.columns ?? 100),
      );
    });
}
