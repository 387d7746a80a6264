import { KollageError } from '../model/error.ts';
import { suggestion } from '../model/nearest.ts';
import type { Tools } from '../operate/tools.ts';
import { folderVariable } from './folder.ts';

/**
 * `kollage openstack …`: runs a tool of the deployment, with all that stands behind its name; ends with its exit code. KLG-901 for a name
 * that neither a command nor a tool has.
 */
export async function runTool(
  name: string,
  args: readonly string[],
  commands: readonly string[],
): Promise<void> {
  const folder = chosenFolder();
  const operate = await import('../operate/tools.ts');
  const found = await there(() => operate.toolsOf(folder));
  const names = (found?.tools ?? []).map((tool) => tool.name);
  const tool = found?.tools.find((one) => one.name === name);
  if (!found || !tool) {
    const hint = suggestion(name, [...commands, ...names]);
    // It may well be a tool, and this the wrong folder.
    const where =
      found || hint.startsWith('; did') ? '' : `; no deployment in ${folder} brings a tool of that name`;
    throw new KollageError({ code: 'KLG-901', message: `unknown command '${name}'${where}${hint}` });
  }
  const { attached } = await import('./attached.ts');
  using joined = attached(process);
  process.exitCode = await operate.runTool(found, { folder, tool, args, from: process.cwd() }, joined.io);
}

/** What `kollage --help` says of the tools of the deployment that one stands in; nothing where there is none. */
export async function toolHelp(): Promise<string> {
  const { toolsOf } = await import('../operate/tools.ts');
  const found = await there(() => toolsOf(chosenFolder())).catch(() => null);
  if (!found || found.tools.length === 0) return '';
  const width = Math.max(...found.tools.map(({ name }) => name.length));
  const lines = found.tools.map(({ name, doc }) => `  ${name.padEnd(width)}  ${doc}`);
  return `\nTools of this deployment, which take all arguments that follow:\n${lines.join('\n')}`;
}

function chosenFolder(): string {
  return process.env[folderVariable] || '.';
}

/** Null where there is no deployment. */
async function there(look: () => Promise<Tools>): Promise<Tools | null> {
  try {
    return await look();
  } catch (error) {
    if (error instanceof KollageError && error.code === 'KLG-101') return null;
    throw error;
  }
}
