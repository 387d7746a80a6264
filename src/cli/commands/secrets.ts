import type { Command } from 'commander';
import { KollageError } from '../../model/error.ts';
import {
  decryptSecrets,
  encryptSecrets,
  ensureSecrets,
  type ListedSecret,
  listSecrets,
  rotateSecrets,
  type SecretsResult,
  showSecret,
} from '../../operate/secrets.ts';
import { folderOption } from '../folder.ts';
import { registerRotate } from './secrets/rotate.ts';

interface Options {
  folder: string;
  list?: true;
  show?: string;
  rotate?: string[];
  encrypt?: true;
  decrypt?: true;
  json?: true;
}

const actions = ['list', 'show', 'rotate', 'encrypt', 'decrypt'] as const;

/** `kollage secrets`: makes what is missing. No output holds a value, but that of `--show`. */
export function register(program: Command): void {
  const secrets = program
    .command('secrets')
    .description('make the secrets that are missing, and keep those that are there')
    .addOption(folderOption())
    .option('-l, --list', 'which secrets there are and which are missing; never their values')
    .option('--show <name>', 'print the value of one secret')
    .option('--rotate <names...>', 'make these secrets anew; `kollage plan` then shows who restarts')
    .option('--encrypt', 'encrypt passwords.yml, for everyone in age-recipients.txt')
    .option('--decrypt', 'write passwords.yml in clear text')
    .option('--json', 'for programs')
    .action(async (options: Options) => {
      process.stdout.write(await run(options));
    });
  registerRotate(secrets);
}

async function run(options: Options): Promise<string> {
  const asked = actions.filter((action) => options[action] !== undefined);
  if (asked.length > 1) {
    const message = `--${asked[0]} and --${asked[1]} cannot be asked for at once`;
    throw new KollageError({ code: 'KLG-901', message });
  }
  const { folder } = options;
  if (options.show !== undefined) {
    const value = await showSecret(folder, options.show);
    return options.json ? `${JSON.stringify(value)}\n` : `${value.replace(/\n$/, '')}\n`;
  }
  if (options.list) {
    const list = await listSecrets(folder);
    return options.json ? `${JSON.stringify(list, null, 2)}\n` : printList(list);
  }
  const result = options.rotate
    ? await rotateSecrets(folder, options.rotate)
    : options.encrypt
      ? await encryptSecrets(folder)
      : options.decrypt
        ? await decryptSecrets(folder)
        : await ensureSecrets(folder);
  return options.json ? `${JSON.stringify(result, null, 2)}\n` : printResult(result);
}

function printList(list: readonly ListedSecret[]): string {
  const width = Math.max(0, ...list.map(({ name }) => name.length));
  const lines = list.map(({ name, there, needed, doc }) => {
    const state = there ? (needed ? 'there' : 'there, not used') : 'missing';
    return `${name.padEnd(width)}  ${state}${doc === null ? '' : `  (${doc})`}`;
  });
  return `${lines.join('\n')}\n`;
}

function printResult({ file, made, kept, encrypted, key }: SecretsResult): string {
  const lines = [
    ...made.map((name) => `made ${name}`),
    `${file}: ${made.length} made, ${kept} kept, ${encrypted ? 'encrypted' : 'in clear text'}`,
    ...(key?.made ? [`${key.file} is the new key to it: keep a copy of it.`] : []),
  ];
  return `${lines.join('\n')}\n`;
}
