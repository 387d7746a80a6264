/** Where the package cache is mounted inside the container of a build. */
export const cachePath = '/mnt';

/** Where a build's own files lie there. Nothing of it is left in the image. */
export const workPath = '/tmp/kollage';
