import { type Command, Option } from 'commander';
import { graphFormats, graphOfDeployment } from '../../operate/graph.ts';
import { folderOption } from '../folder.ts';
import { type ServiceOptions, switchedBy, withServices } from '../services.ts';

interface Options extends ServiceOptions {
  folder: string;
  format: keyof typeof graphFormats;
}

/** `kollage graph`: who waits for whom. */
export function register(program: Command): void {
  const command = program
    .command('graph')
    .description('print the dependency graph: who waits for whom')
    .addOption(folderOption())
    .addOption(
      new Option('--format <format>', 'text, dot (Graphviz) or mermaid')
        .choices(Object.keys(graphFormats))
        .default('text'),
    );
  withServices(command).action(async (options: Options) => {
    process.stdout.write(await graphOfDeployment(options.folder, options.format, switchedBy(options)));
  });
}
