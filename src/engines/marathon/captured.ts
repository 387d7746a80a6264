import { setTimeout as pause } from 'node:timers/promises';
import type { Io } from '../io.ts';
import type { Site } from './cluster.ts';
import type { Agent, Operator } from './operator.ts';

/**
 * A shell's line that runs `words` and keeps what they say in files of a sandbox: not in those which the executor writes into as well, and as Base64,
 * for an agent hands on texts alone. `folder` ends with a slash, or is empty where the shell stands in the sandbox.
 */
export function capturing(words: string, folder: string): string {
  return [
    `${words} >"${folder}o" 2>"${folder}e" </dev/null`,
    'code=$?',
    ...['o', 'e'].map((file) => `base64 -w 0 "${folder}${file}" >"${folder}${file}64"`),
    'exit $code',
  ].join('\n');
}

/** Milliseconds between two looks at what a command says while it runs. */
const every = 500;

/** Hands on the whole lines that a command prints while it runs, until the signal; gives how many bytes these were. */
export async function follow(
  { mesos }: Site,
  agent: Agent,
  task: string,
  io: Io,
  signal: AbortSignal,
): Promise<number> {
  let box: string | null = null;
  for (let told = 0; ; await pause(every, undefined, { signal }).catch(() => undefined)) {
    if (signal.aborted) return told;
    box ??= await mesos.sandbox(agent, task);
    const data = box === null ? null : await mesos.read(agent, `${box}/o`, told);
    const lines = data?.slice(0, data.lastIndexOf('\n') + 1) ?? '';
    // What is no text is handed on at the end.
    if (lines.includes('\uFFFD')) return told;
    io.stdout.write(lines);
    told += Buffer.byteLength(lines);
  }
}

/** Hands on what was kept of a command that has ended, on one of these agents; gives whether any of them had it. `told`: bytes that were handed on already. */
export async function handOn(
  { mesos }: Site,
  agents: readonly Agent[],
  task: string,
  io: Io,
  told = 0,
): Promise<boolean> {
  const found = await sandboxOf(mesos, agents, task);
  if (found === null) return false;
  const { agent, box } = found;
  const read = async (name: string) => {
    let text = '';
    for (;;) {
      const data = await mesos.read(agent, `${box}/${name}`, text.length);
      if (data === null || data === '') return Buffer.from(text, 'base64');
      text += data;
    }
  };
  io.stdout.write((await read('o64')).subarray(told));
  io.stderr.write(await read('e64'));
  return true;
}

/** The sandbox of a task, and which of these agents has it; null where none has. */
export async function sandboxOf(
  mesos: Operator,
  agents: readonly Agent[],
  task: string,
): Promise<{ readonly agent: Agent; readonly box: string } | null> {
  for (const agent of agents) {
    const box = agent.active ? await mesos.sandbox(agent, task) : null;
    if (box !== null) return { agent, box };
  }
  return null;
}

/** A word of a shell's line. */
export function quoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
