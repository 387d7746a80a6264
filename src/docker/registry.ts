import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type Docker from 'dockerode';
import { z } from 'zod';

/** Whether a reference begins with the host of a registry, as Docker tells that from a namespace of its own registry. */
export function namesHost(reference: string): boolean {
  const [first = '', rest] = reference.split(/\/(.*)/s);
  return rest !== undefined && (/[.:]/.test(first) || first === 'localhost');
}

/** Pulls an image from the registry that its reference names, or Docker's own. Throws what Docker says went wrong. */
export async function pull(docker: Docker, reference: string): Promise<void> {
  await finished(docker, await docker.pull(reference, { authconfig: await credentials(reference) }));
}

/** Waits for the end of an answer made of JSON lines. Throws what it says went wrong. */
export async function finished(
  docker: Docker,
  stream: NodeJS.ReadableStream,
  progress: (entry: unknown) => void = () => undefined,
): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    let failure: Error | undefined;
    docker.modem.followProgress(
      stream,
      (error: Error | null) => {
        const problem = failure ?? error;
        if (problem) reject(problem);
        else resolve();
      },
      (entry: unknown) => {
        if (isFailure(entry)) failure = new Error(entry.error);
        progress(entry);
      },
    );
  });
}

const dockerConfig = z.object({
  auths: z.record(z.string(), z.object({ auth: z.string().optional() })).default({}),
});

/**
 * What `docker login` wrote down for a registry; empty where it keeps passwords in a helper program, and never nothing: Docker 20.10
 * refuses to push without the header that this becomes.
 */
export async function credentials(
  registry: string,
): Promise<{ username: string; password: string; serveraddress: string }> {
  const host = registry.split('/')[0] ?? registry;
  const folder = process.env['DOCKER_CONFIG'] ?? join(homedir(), '.docker');
  const file = await readFile(join(folder, 'config.json'), 'utf8').catch(() => '{}');
  const config = dockerConfig.safeParse(JSON.parse(file));
  const auth = config.success ? config.data.auths[host]?.auth : undefined;
  const [username = '', ...password] = Buffer.from(auth ?? '', 'base64')
    .toString()
    .split(':');
  return { username, password: password.join(':'), serveraddress: host };
}

function isFailure(entry: unknown): entry is { error: string } {
  return typeof entry === 'object' && entry !== null && 'error' in entry && typeof entry.error === 'string';
}
