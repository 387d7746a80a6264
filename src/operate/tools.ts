import type { Engine } from '../engines/engine.ts';
import type { Io } from '../engines/io.ts';
import { openDeployment } from '../load/deployment.ts';
import { readPasswords } from '../load/passwords.ts';
import { KollageError } from '../model/error.ts';
import type { Desired, Tool } from '../model/resource.ts';
import { prepare } from './prepare.ts';
import { running } from './status.ts';

/** The tools of a deployment, and what it takes to run them; null where it was never brought up. */
export interface Tools {
  readonly tools: readonly Tool[];
  readonly up: { readonly engine: Engine; readonly desired: Desired } | null;
}

/**
 * The commands that a deployment's services bring for an operator: those of the state that was applied last, for that is what runs; those that
 * the folder describes where none was. Throws what reading the folder throws (KLG-101 when there is none).
 */
export async function toolsOf(folder: string): Promise<Tools> {
  try {
    const { engine, desired } = await running(folder);
    return { tools: toolsIn(desired), up: { engine, desired } };
  } catch (error) {
    if (!(error instanceof KollageError) || error.code !== 'KLG-507') throw error;
    return { tools: toolsIn((await prepare(folder)).desired), up: null };
  }
}

/** A tool as somebody calls it. */
export interface ToolRequest {
  readonly folder: string;
  readonly tool: Tool;
  readonly args: readonly string[];
  /** Where the one who calls it stands. */
  readonly from: string;
}

/** Runs a tool of a deployment, joined to `io`; gives its exit code. KLG-507 where the deployment was never brought up. */
export async function runTool({ up }: Tools, request: ToolRequest, io: Io): Promise<number> {
  const { folder, tool, args, from } = request;
  if (!up) {
    const message = `${tool.name} is for a platform that runs, and this one was never brought up on this host`;
    throw new KollageError({ code: 'KLG-507', message });
  }
  const { values } = await readPasswords(openDeployment(folder));
  const bundle = up.desired.resources.find(({ kind, id }) => kind === 'config' && id === tool.config);
  const call = {
    deployment: up.desired.deployment,
    desired: up.desired,
    args,
    bundle: bundle?.kind === 'config' ? bundle : null,
    secret: (name: string) => values.get(name)?.reveal(),
    user: process.getuid && process.getgid ? `${process.getuid()}:${process.getgid()}` : null,
    folder: from,
  };
  return up.engine.runTool(tool, call, io);
}

function toolsIn({ resources }: Desired): Tool[] {
  return resources.filter((resource) => resource.kind === 'tool');
}
