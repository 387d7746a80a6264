import type { YAMLError } from 'yaml';
import type { Finding } from '../../model/error.ts';
import type { Source } from './node.ts';

/**
 * Why a text is not YAML, in words of our own: the library's messages quote the text, which may be a secret.
 */
export function yamlMistake(code: YAMLError['code']): string {
  return messages[code];
}

const messages: Readonly<Record<YAMLError['code'], string>> = {
  ALIAS_PROPS: 'an alias (*name) can have neither an anchor nor a tag',
  BAD_ALIAS: 'this alias (*name) is not well formed',
  BAD_DIRECTIVE: 'this directive (a line that begins with %) is unknown or not well formed',
  BAD_DQ_ESCAPE:
    'a text in double quotes holds an escape sequence that YAML does not know; double the backslash',
  BAD_INDENT: 'this line is not indented as its neighbours are',
  BAD_PROP_ORDER: 'anchors and tags stand before the value',
  BAD_SCALAR_START: 'a text that begins with this character must be quoted',
  BLOCK_AS_IMPLICIT_KEY: 'a list or map cannot begin on this line; is a line break or are quotes missing?',
  BLOCK_IN_FLOW: 'inside [ ] and { }, lists and maps are written with commas',
  DUPLICATE_KEY: 'this key stands here twice',
  IMPOSSIBLE: 'this cannot be read',
  KEY_OVER_1024_CHARS: 'a key is longer than 1024 characters; is a quote missing before it?',
  MISSING_CHAR: 'a character is missing here: a closing quote, a bracket, a comma or a colon',
  MULTILINE_IMPLICIT_KEY: 'a key ends on the line it begins on; is a quote or a bracket missing before it?',
  MULTIPLE_ANCHORS: 'a value has one anchor at most',
  MULTIPLE_DOCS: 'a file holds one document; remove the line ---',
  MULTIPLE_TAGS: 'a value has one tag at most',
  NON_STRING_KEY: 'a key must be a text',
  RESOURCE_EXHAUSTION: 'this holds too much, or is nested too deeply',
  TAB_AS_INDENT: 'tabs cannot indent; use spaces',
  TAG_RESOLVE_FAILED: 'tags (!name) are not supported; a text that begins with ! must be in quotes',
  UNEXPECTED_TOKEN: 'this was not expected here; is a quote, a comma or an indentation missing before it?',
  BAD_COLLECTION_TYPE: 'the tag does not fit the value',
};

/** KLG-102 at an offset of a text. */
export function yamlFinding(source: Source, offset: number, message: string): Finding {
  return {
    code: 'KLG-102',
    severity: 'error',
    message,
    place: source.place(Math.min(offset, source.text.length)),
  };
}
