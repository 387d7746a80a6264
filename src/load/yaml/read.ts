import type { Located, PlaceOf } from '../../model/catalog.ts';
import type { Finding } from '../../model/error.ts';
import { readWithLibrary } from './library.ts';
import { keyPlaceAt, nodeAt, placeAt, Source, toValue, type YamlNode } from './node.ts';
import { readQuick } from './quick.ts';
import type { Dialect } from './scalar.ts';

/** A YAML file, read: its data, and where each piece of it stands. */
export class Yaml implements Located<unknown> {
  readonly root: YamlNode;
  readonly value: unknown;

  constructor(root: YamlNode) {
    this.root = root;
    this.value = toValue(root);
  }

  readonly at: PlaceOf = (path) => placeAt(this.root, path);

  /** Where the key stands at the end of the path, rather than its value. */
  readonly keyAt: PlaceOf = (path) => keyPlaceAt(this.root, path);

  /** How the scalar at a path is written, without quotes; undefined when there is none. */
  text(path: readonly PropertyKey[]): string | undefined {
    const node = nodeAt(this.root, path);
    return node?.kind === 'scalar' ? node.text : undefined;
  }
}

export interface ReadOptions {
  readonly dialect?: Dialect;
  /** Takes what is odd but no mistake. */
  readonly warn?: (finding: Finding) => void;
}

/**
 * Reads a YAML text. `file` is the name that places carry. An empty text is the value null.
 * Throws KLG-102 when it is not YAML, holds more than 300,000 values (aliases counted as often as they stand) or is nested
 * more than 64 deep; no message holds more of the text than keys.
 */
export function readYaml(file: string, text: string, options: ReadOptions = {}): Yaml {
  const source = new Source(file, text);
  const dialect = options.dialect ?? '1.2';
  const root =
    readQuick(source, dialect) ?? readWithLibrary(source, dialect, options.warn ?? (() => undefined));
  return new Yaml(root ?? { kind: 'scalar', source, start: 0, value: null, text: '' });
}
