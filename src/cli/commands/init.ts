import type { Command } from 'commander';
import { initDeployment } from '../../operate/init.ts';

interface Options {
  name?: string;
  catalog?: string;
  release?: string;
  engine?: string;
  profile?: string;
}

/** `kollage init`: a new deployment folder. */
export function register(program: Command): void {
  program
    .command('init')
    .description('make a deployment folder: kollage.yaml, encrypted secrets, a place for overrides')
    .argument('[folder]', 'an empty folder, or one that is to be made', '.')
    .option('-n, --name <name>', "what the deployment is called; the folder's name when not given")
    .option('-r, --release <release>', 'the release to deploy; the newest tested one when not given')
    .option('-e, --engine <engine>', 'docker, kubernetes, marathon or dcos', 'docker')
    .option('-p, --profile <profile>', 'a named set of services of the catalog')
    .option('-c, --catalog <catalog>', 'a catalog of Kollage, or a folder with service definitions')
    .action(async (folder: string, options: Options) => {
      const { files, secrets, folder: name } = await initDeployment({ ...options, folder });
      const at = name === '.' ? '' : ` --folder ${name}`;
      process.stdout.write(
        [
          `${name}: ${files.join(', ')}`,
          ...(secrets.key?.made ? [`${secrets.key.file} is the key to its secrets: keep a copy of it.`] : []),
          `Next: kollage plan${at}`,
          '',
        ].join('\n'),
      );
    });
}
