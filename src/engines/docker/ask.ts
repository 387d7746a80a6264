import { again } from '../../docker/again.ts';
import { statusOf, text } from '../../docker/errors.ts';
import { KollageError } from '../../model/error.ts';

/** As `askOnce`, for what may be done twice: what Docker refuses for a while, or does not answer because the connection was cut, is asked again. */
export function ask<T>(request: () => Promise<T>, image?: string): Promise<T> {
  return askOnce(() => again(request), image);
}

/** Turns Docker's errors into ours: KLG-501 when it does not answer, KLG-406 for an image, KLG-502 for what it refuses. */
export async function askOnce<T>(request: () => Promise<T>, image?: string): Promise<T> {
  try {
    return await request();
  } catch (cause) {
    if (cause instanceof KollageError) throw cause;
    const status = statusOf(cause);
    const message = text(cause);
    if (status === undefined)
      throw new KollageError({ code: 'KLG-501', message: `Docker does not answer: ${message}` }, { cause });
    if (status === 404 && image !== undefined)
      throw new KollageError(
        { code: 'KLG-406', message: `the image ${image} is not on this host` },
        { cause },
      );
    throw new KollageError({ code: 'KLG-502', message: `Docker refuses: ${message}` }, { cause });
  }
}
