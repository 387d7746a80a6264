import type { Catalog, Located } from '../model/catalog.ts';
import type { DeploymentFile } from '../model/deployment.ts';
import { KollageError, type Place } from '../model/error.ts';
import type { CatalogFile } from '../model/service.ts';
import type { Globals } from './globals.ts';
import { defaultOf, known } from './services-on.ts';

/** What kollage.yaml and globals.yml can both say; kollage.yaml wins. */
type Key = CatalogFile['globals']['keys'][string];

export class Chosen {
  readonly #catalog: Catalog;
  readonly #file: Located<DeploymentFile>;
  readonly #globals: Globals;

  constructor(catalog: Catalog, file: Located<DeploymentFile>, globals: Globals) {
    this.#catalog = catalog;
    this.#file = file;
    this.#globals = globals;
  }

  /**
   * The release: `instead` where it is given, else what the files name, else the catalog's default one. Throws KLG-105 for one that the catalog
   * does not have.
   */
  release(instead?: string): string {
    const { releases } = this.#catalog.file.value;
    const place = this.#file.at(['release']);
    const given =
      instead === undefined
        ? this.#text('release', this.#file.value.release, ['release'])
        : { text: instead, place };
    if (!given) return defaultOf(releases) ?? 'latest';
    const names = Object.keys(releases);
    // A catalog that lists no releases takes any.
    if (names.length > 0) known('release', given.text, names, given.place);
    return given.text;
  }

  addresses(): { address: string; interface: string | null; externalAddress: string } {
    const { value } = this.#file;
    const address = this.#text('address', value.address, ['address'])?.text ?? '127.0.0.1';
    return {
      address,
      interface: this.#text('interface', value.interface, ['interface'])?.text ?? null,
      externalAddress:
        this.#text('externalAddress', value.externalAddress, ['externalAddress'])?.text ?? address,
    };
  }

  images(): DeploymentFile['images'] {
    const { images } = this.#file.value;
    const registry = this.#text('images.registry', images.registry, ['images', 'registry'])?.text;
    const tag = this.#text('images.tag', images.tag, ['images', 'tag'])?.text;
    return { ...images, ...(registry !== undefined && { registry }), ...(tag !== undefined && { tag }) };
  }

  #text(
    key: Key,
    own: string | undefined,
    path: readonly string[],
  ): { text: string; place: Place } | undefined {
    const fromGlobals = Object.entries(this.#catalog.file.value.globals.keys).flatMap(([variable, means]) => {
      const given = means === key ? this.#globals.take(variable) : undefined;
      if (!given || given.value === null || given.text === '') return [];
      if (given.text !== undefined) return [{ text: given.text, place: given.place }];
      throw new KollageError({ code: 'KLG-104', message: `${variable} must be a text`, place: given.place });
    });
    return own === undefined ? fromGlobals[0] : { text: own, place: this.#file.at(path) };
  }
}
