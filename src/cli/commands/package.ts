import type { Command } from 'commander';
import { packageDeployment } from '../../operate/package.ts';
import { colours } from '../colour.ts';
import { folderOption } from '../folder.ts';
import { printFinding } from '../print/finding.ts';

interface Options {
  folder: string;
  output: string;
  image: string;
  maintainer: string;
}

/** `kollage package`: the deployment as a package of a DC/OS Universe. */
export function register(program: Command): void {
  program
    .command('package')
    .description('write the deployment as a package for the Universe of DC/OS')
    .addOption(folderOption())
    .requiredOption('-o, --output <folder>', 'a new folder for the files of the package')
    .requiredOption('-i, --image <reference>', 'the image of Kollage that the package runs')
    .requiredOption('-m, --maintainer <address>', 'who answers for the package')
    .action(async (options: Options) => {
      const { name, version, files, findings } = await packageDeployment(options);
      process.stdout.write(`${name} ${version}: ${files.join(', ')} in ${options.output}\n`);
      const paint = colours(process.stderr);
      for (const finding of findings) process.stderr.write(printFinding(finding, paint, { advice: false }));
    });
}
