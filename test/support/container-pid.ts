/** The process id, on this host, of a container's first process; throws where none runs: 0 would mean our own process group. */
export function containerPid(docker: (...args: string[]) => string, container: string): number {
  const pid = Number(docker('inspect', '--format', '{{.State.Pid}}', container));
  if (!(pid > 0)) throw new Error(`${container} does not run`);
  return pid;
}
