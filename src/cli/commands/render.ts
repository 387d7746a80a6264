import type { Command } from 'commander';
import { renderDeployment, writeRendered } from '../../operate/render.ts';
import { colours } from '../colour.ts';
import { folderOption } from '../folder.ts';
import { printFinding } from '../print/finding.ts';
import { type ServiceOptions, switchedBy, withServices } from '../services.ts';

interface Options extends ServiceOptions {
  folder: string;
  output?: string;
  json?: true;
}

/** `kollage render`: every generated file. Secrets and node-only values stay tokens. */
export function register(program: Command): void {
  const command = program
    .command('render')
    .description('print every generated file; secrets stay tokens')
    .argument('[names...]', 'only these services, components or tasks (nova, nova/api)')
    .addOption(folderOption())
    .option('-o, --output <folder>', 'write the files into a new folder instead of printing them')
    .option('--json', 'the whole desired state, and the proofs of its services, for programs');
  withServices(command).action(async (names: string[], options: Options) => {
    const { desired, proofs, files, findings } = await renderDeployment(
      options.folder,
      names,
      switchedBy(options),
    );
    if (options.json) process.stdout.write(`${JSON.stringify({ ...desired, proofs }, null, 2)}\n`);
    else if (options.output !== undefined)
      process.stdout.write(`${writeRendered(options.output, files)} files written to ${options.output}\n`);
    else {
      const paint = colours(process.stdout);
      for (const file of files)
        process.stdout.write(
          `${paint.bold(`# ${file.path}`)}${paint.dim(` -> ${file.target}`)}\n${file.content}\n`,
        );
    }
    const paint = colours(process.stderr);
    for (const finding of findings) process.stderr.write(printFinding(finding, paint, { advice: false }));
  });
}
