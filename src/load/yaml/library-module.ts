import { createRequire } from 'node:module';

let library: typeof import('yaml') | undefined;

/** The library `yaml`, read only when a text is not plain enough for the quick reader (quick.ts): it takes 15 ms. */
export function yaml(): typeof import('yaml') {
  const loaded: typeof import('yaml') = library ?? createRequire(import.meta.url)('yaml');
  library = loaded;
  return loaded;
}
