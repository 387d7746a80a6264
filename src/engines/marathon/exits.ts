/** What an end is, in Mesos' words: the exit code where its message tells one, and whether the process was begun at all. */
export interface Exit {
  readonly code: number;
  /** Why its container could not be made, and whether trying again does not help; null where it was made. */
  readonly refused: { readonly why: string; readonly fatal: boolean } | null;
}

/**
 * `Container exited with status 3`, `Command exited with status 75`, `Container terminated with signal Killed`: what executors say
 * (apache/mesos, src/docker/executor.cpp, src/launcher/executor.cpp, WSTRINGIFY of stout/os/wait.hpp). What could not be launched at all begins `Failed to launch container`
 * (src/slave/slave.cpp).
 */
export function exitOf(state: string, message: string): Exit {
  const [, refused] = /Failed to (?:launch container|run docker container): (.*)/s.exec(message) ?? [];
  if (refused !== undefined) {
    const isImage = /\bpull\b|manifest|image/i.test(refused);
    const what = isImage ? 'its image cannot be had' : 'it cannot be started';
    return { code: 125, refused: { why: `${what}: ${refused.trim()}`, fatal: isImage } };
  }
  const [, status] = /exited with status (\d+)/.exec(message) ?? [];
  if (status !== undefined) return { code: Number(status), refused: null };
  const [, signal] = /terminated with signal (\w+)/.exec(message) ?? [];
  if (signal !== undefined) return { code: 128 + (signals[signal] ?? 0), refused: null };
  return { code: state === 'TASK_FINISHED' ? 0 : 1, refused: null };
}

/** As strsignal(3) of glibc has them. */
const signals: Readonly<Record<string, number>> = {
  Hangup: 1,
  Interrupt: 2,
  Quit: 3,
  Aborted: 6,
  Killed: 9,
  Segmentation: 11,
  Terminated: 15,
};
