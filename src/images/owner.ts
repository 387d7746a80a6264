import { hostname } from 'node:os';

/** Says which process a helper container belongs to: `HOST/PID`. Containers that become images do not carry it: labels stay in them. */
export const ownerLabel = 'io.kollage.builder';

/** Names of the containers that images are made in begin with it, followed by the suite and the image. */
export const buildPrefix = 'kollage-build-';

export function owner(): string {
  return `${hostname()}/${process.pid}`;
}

/** Whether the process that a label names may still run; one of another host is taken to. */
export function alive(label: string): boolean {
  const [host, pid] = label.split('/');
  if (host !== hostname() || pid === undefined) return true;
  try {
    process.kill(Number(pid), 0);
    return true;
  } catch {
    return false;
  }
}
