import type Docker from 'dockerode';
import { text } from '../../docker/errors.ts';
import { pull } from '../../docker/registry.ts';
import { KollageError } from '../../model/error.ts';
import { ask } from './ask.ts';

/** Pulls an image. KLG-406 with what the registry says, when it cannot be had; KLG-501 when Docker itself does not answer. */
export async function pullImage(docker: Docker, reference: string): Promise<void> {
  try {
    await pull(docker, reference);
  } catch (cause) {
    await ask(() => docker.ping());
    throw new KollageError(
      {
        code: 'KLG-406',
        message: `the image ${reference} cannot be pulled: ${text(cause)}`,
        next: 'Check its name, the release, and `images` in kollage.yaml; log in with `docker login` where the registry wants that.',
      },
      { cause },
    );
  }
}
