import type { Document } from 'yaml';
import { type Finding, KollageError } from '../../model/error.ts';
import { yaml } from './library-module.ts';
import { LibraryReader } from './library-reader.ts';
import { yamlFinding, yamlMistake } from './mistakes.ts';
import type { Source, YamlNode } from './node.ts';
import type { Dialect } from './scalar.ts';

/** One missing quote makes many of them. */
const maxMistakes = 5;

/**
 * Reads all of YAML through the library `yaml`. What the library would do badly is done here: types of plain scalars
 * (scalar.ts), keys that stand twice (the library compares each with each), and aliases (bounded, so that ten lines
 * cannot become a gigabyte).
 * Throws KLG-102 with every mistake of the text. Gives null for a text without a value.
 */
export function readWithLibrary(
  source: Source,
  dialect: Dialect,
  warn: (finding: Finding) => void,
): YamlNode | null {
  const document = parse(source);
  const mistakes = document.errors
    .slice(0, maxMistakes)
    .map((error) => yamlFinding(source, error.pos[0], yamlMistake(error.code)));
  const [first, ...also] = mistakes;
  if (first) throw new KollageError(first, { also });
  if (!document.contents) return null;
  return new LibraryReader(source, dialect, warn).node(document.contents, 0);
}

/** The library takes minutes and gigabytes for some texts of 4 MiB, such as one of nothing but brackets. */
const maxLength = 512 * 1024;

function parse(source: Source): Document.Parsed {
  if (source.text.length > maxLength) {
    const message = `${source.file} is too large for YAML with anything but plain lists and maps (limit 512 KiB)`;
    throw new KollageError({ code: 'KLG-107', message, place: { file: source.file } });
  }
  const { stackTraceLimit } = Error;
  // The library makes an Error for each mistake, of which a broken text can have hundreds of thousands.
  Error.stackTraceLimit = 0;
  try {
    return yaml().parseDocument(source.text, {
      schema: 'failsafe',
      uniqueKeys: false,
      prettyErrors: false,
      logLevel: 'error',
    });
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new KollageError(yamlFinding(source, 0, yamlMistake('RESOURCE_EXHAUSTION')));
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}
