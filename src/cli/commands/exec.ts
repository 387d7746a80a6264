import { type Command, InvalidArgumentError } from 'commander';
import { exec } from '../../operate/exec.ts';
import { attached } from '../attached.ts';
import { folderOption } from '../folder.ts';

interface Options {
  folder: string;
  number?: number;
}

/** `kollage exec`: a shell or a command in a container; ends with its exit code. */
export function register(program: Command): void {
  program
    .command('exec')
    .description('run a command in a container of a component; a shell when none is given')
    .argument('<component>', 'such as keystone/api')
    .argument('[command...]', 'after --, as in: kollage exec keystone/api -- ls -l /etc/keystone')
    .addOption(folderOption())
    .option('-n, --number <number>', 'which of its instances; the first that runs when not given', whole)
    .action(async (component: string, command: string[], { folder, number }: Options) => {
      using joined = attached(process);
      process.exitCode = await exec({ folder, component, command, number }, joined.io);
    });
}

function whole(text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1)
    throw new InvalidArgumentError('It must be a whole number from 1.');
  return number;
}
