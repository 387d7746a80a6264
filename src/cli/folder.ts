import { Option } from 'commander';

/** Names the deployment folder for a whole session, where no option does. */
export const folderVariable = 'KOLLAGE_FOLDER';

/** `-f`, which every command has that is about a deployment. */
export function folderOption(): Option {
  return new Option('-f, --folder <folder>', 'the deployment folder').env(folderVariable).default('.');
}

/** What stands before and after the name of the command. */
export interface Words {
  /** A folder that was named before the command, which holds for every command. */
  readonly folder: string | undefined;
  /** Other options before the command. */
  readonly before: readonly string[];
  readonly name: string | undefined;
  readonly after: readonly string[];
}

/** Takes a command line apart at the name of its command: `-f mycloud NAME …`. */
export function wordsOf(args: readonly string[]): Words {
  const before: string[] = [];
  let folder: string | undefined;
  let at = 0;
  for (; at < args.length; at++) {
    const word = args[at] ?? '';
    if (word === '-f' || word === '--folder') folder = args[++at];
    else if (word.startsWith('--folder=')) folder = word.slice('--folder='.length);
    else if (/^-f./.test(word)) folder = word.slice(2);
    else if (word.startsWith('-')) before.push(word);
    else break;
  }
  return { folder, before, name: args[at], after: args.slice(at + 1) };
}
