/** MB beside twice of what is asked for: the start program, which stays, and what a process takes for a moment. */
const beside = 256;

/**
 * The memory that Mesos is asked for, in MB: at this the kernel ends whoever takes more, while what a definition says (bytes) is what a process usually
 * takes, and elsewhere no limit.
 */
export function memoryLimit(bytes: number | null, usual: number): number {
  return bytes === null ? usual : Math.ceil((2 * bytes) / 1024 ** 2) + beside;
}
