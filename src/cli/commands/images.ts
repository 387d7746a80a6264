import type { Command } from 'commander';
import { build, list, packages, pull, push } from '../../operate/images.ts';
import { colours } from '../colour.ts';
import { BuildProgress } from '../print/build.ts';
import { printImages } from '../print/images.ts';

interface Choice {
  catalog: string[];
  release?: string;
}

/** `kollage images`: build, list, packages, push, pull. */
export function register(program: Command): void {
  const images = program.command('images').description('build, list, push and pull the images of services');
  which(images.command('build').argument('[names...]', 'images or services; all when none is given'))
    .description("build images from Debian's packages; what is there already is left alone")
    .option('--base <image>', 'begin with this Debian image instead of debootstrap')
    .option('--force', 'build also what is there already')
    .option('--json', 'one event a line, for programs')
    .action(async (names: string[], options: Choice & { base?: string; force?: true; json?: true }) => {
      const stopping = new AbortController();
      const stop = () => stopping.abort();
      process.once('SIGINT', stop).once('SIGTERM', stop);
      const progress = new BuildProgress(process.stdout, colours(process.stdout));
      try {
        const result = await build({
          ...choice(names, options),
          base: options.base,
          force: options.force === true,
          signal: stopping.signal,
          emit: options.json ? (event) => process.stdout.write(`${JSON.stringify(event)}\n`) : progress.show,
        });
        if (result.failed.length > 0) process.exitCode = 1;
      } finally {
        progress.end();
        process.off('SIGINT', stop).off('SIGTERM', stop);
      }
    });
  images
    .command('list')
    .description('show the images that were built here, with the versions of their packages')
    .option('--release <release>', 'of this release only')
    .option('--all', 'older ones too')
    .option('--json', 'for programs')
    .action(async (options: { release?: string; all?: true; json?: true }) => {
      const found = (await list(options.release)).filter((image) => options.all || image.current);
      process.stdout.write(
        options.json ? `${JSON.stringify(found, null, 2)}\n` : printImages(found, colours(process.stdout)),
      );
    });
  which(images.command('packages').argument('<name>', 'the image'))
    .description('print everything that is installed in an image: name, version, architecture, source')
    .action(async (name: string, options: Choice) => {
      process.stdout.write(await packages(choice([name], options)));
    });
  for (const [verb, move, what] of [
    ['push', push, 'push images to a registry under all their names: REGISTRY/NAME:RELEASE'],
    ['pull', pull, 'pull images from a registry that they were pushed to'],
  ] as const) {
    which(
      images
        .command(verb)
        .argument('<registry>', 'host, and port and namespace where there are: registry.example.org/kollage')
        .argument('[names...]', 'images or services; all when none is given'),
    )
      .description(what)
      .action(async (registry: string, names: string[], options: Choice) => {
        for await (const { reference, seconds } of move(choice(names, options), registry)) {
          process.stdout.write(`${seconds.toFixed(1).padStart(6)} s  ${reference}\n`);
        }
      });
  }
}

function which(command: Command): Command {
  return command
    .option('--release <release>', "the catalog's default release when not given")
    .option('--catalog <catalog...>', 'catalogs of Kollage, or folders', ['openstack']);
}

function choice(names: readonly string[], { catalog, release }: Choice) {
  return { names, catalogs: catalog, release };
}
