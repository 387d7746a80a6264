import { Command, CommanderError } from 'commander';
import { KollageError } from '../model/error.ts';
import { suggestion } from '../model/nearest.ts';
import { setColour } from './colour.ts';
import { folderVariable, wordsOf } from './folder.ts';
import { runTool, toolHelp } from './tool.ts';
import { version } from './version.ts';

interface CommandModule {
  register(program: Command): void;
}

/** Every command in a file of its own, which is read only when it is asked for. */
const commands: Readonly<Record<string, () => Promise<CommandModule>>> = {
  init: () => import('./commands/init.ts'),
  secrets: () => import('./commands/secrets.ts'),
  plan: () => import('./commands/plan.ts'),
  render: () => import('./commands/render.ts'),
  package: () => import('./commands/package.ts'),
  graph: () => import('./commands/graph.ts'),
  up: () => import('./commands/up.ts'),
  upgrade: () => import('./commands/upgrade.ts'),
  scale: () => import('./commands/scale.ts'),
  history: () => import('./commands/history.ts'),
  diff: () => import('./commands/diff.ts'),
  rollback: () => import('./commands/rollback.ts'),
  backup: () => import('./commands/backup.ts'),
  restore: () => import('./commands/restore.ts'),
  recover: () => import('./commands/recover.ts'),
  timeline: () => import('./commands/timeline.ts'),
  exec: () => import('./commands/exec.ts'),
  verify: () => import('./commands/verify.ts'),
  status: () => import('./commands/status.ts'),
  nodes: () => import('./commands/nodes.ts'),
  logs: () => import('./commands/logs.ts'),
  serve: () => import('./commands/serve.ts'),
  pause: () => import('./commands/pause.ts'),
  resume: () => import('./commands/resume.ts'),
  destroy: () => import('./commands/destroy.ts'),
  bootstrap: () => import('./commands/bootstrap.ts'),
  explain: () => import('./commands/explain.ts'),
  images: () => import('./commands/images.ts'),
};

/** Runs the command line. Throws KLG-901 where it is wrong, and whatever the command throws. */
export async function run(argv: readonly string[]): Promise<void> {
  const program = new Command('kollage')
    .description(
      'Deploys and operates containerised OpenStack, and platforms like it, on the container engine you already have.',
    )
    .version(version(), '-V, --version', 'print the version')
    .option('--color', 'colours, also when the output is not a terminal')
    .option('--no-color', 'no colours')
    .helpOption('-h, --help', 'print help')
    .hook('preAction', (root) =>
      setColour(
        root.opts<{ color?: boolean }>().color === false
          ? false
          : process.argv.includes('--color') || undefined,
      ),
    )
    .exitOverride()
    .configureOutput({ outputError: () => undefined });
  const { folder, before, name: wanted, after } = wordsOf(argv.slice(2));
  // Named before the command, it holds for every one.
  if (folder !== undefined) process.env[folderVariable] = folder;
  const words = [...before, ...(wanted === undefined ? [] : [wanted]), ...after];
  if (wanted !== undefined && wanted !== 'help' && !Object.hasOwn(commands, wanted))
    return runTool(wanted, after, Object.keys(commands));
  const load = wanted !== undefined && Object.hasOwn(commands, wanted) ? commands[wanted] : undefined;
  for (const module of await Promise.all((load ? [load] : Object.values(commands)).map((read) => read())))
    module.register(program);
  for (const command of program.commands)
    command.exitOverride().configureOutput({ outputError: () => undefined });
  const about = wanted === 'help' ? after[0] : undefined;
  if (about !== undefined && !program.commands.some((command) => command.name() === about)) {
    const message = `unknown command '${about}'${suggestion(about, Object.keys(commands))}`;
    throw new KollageError({ code: 'KLG-901', message });
  }
  if (!load && about === undefined) program.addHelpText('after', await toolHelp());
  try {
    await program.parseAsync(words, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    // Asked for nothing, it has printed its help on the error stream: that says all.
    if (error.code === 'commander.help') process.exitCode = error.exitCode;
    else if (error.exitCode !== 0)
      throw new KollageError({
        code: 'KLG-901',
        message: error.message
          .replace(/^error: /, '')
          .split('\n')
          .join(' '),
      });
  }
}
