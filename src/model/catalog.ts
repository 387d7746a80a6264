import type { Place } from './error.ts';
import type { CatalogFile, Service, Trait } from './service.ts';

/** Where each value of a loaded file stands, by its path of keys and indexes. */
export type PlaceOf = (path: readonly PropertyKey[]) => Place;

/** A definition together with where it was read from. */
export interface Located<T> {
  readonly value: T;
  readonly at: PlaceOf;
}

/** A text file of a catalog or of a deployment's config/ folder. */
export interface TextFile {
  /** Relative to the folder it belongs to, with `/`. */
  readonly path: string;
  /** As errors name it. */
  readonly file: string;
  readonly text: string;
}

/** Catalog folders, read and laid over one another. */
export interface Catalog {
  readonly file: Located<CatalogFile>;
  readonly services: ReadonlyMap<string, Located<Service>>;
  readonly traits: ReadonlyMap<string, Located<Trait>>;
  /** Configuration templates by `service/name`, and the shared ones by `lib/name`. */
  readonly templates: ReadonlyMap<string, TextFile>;
  /** Names of images that recipes provide, each with the releases it is built for (all when empty). */
  readonly images: ReadonlyMap<string, readonly string[]>;
  /** The numbers of the users that images have. */
  readonly accounts: ReadonlyMap<string, number>;
}
