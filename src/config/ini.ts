import { type Finding, throwFirst } from '../model/error.ts';

/**
 * A file of oslo.config: sections in order, their keys in order, each with all its values. Keys before any section are in the
 * section ''. A value is its lines; a key that stands alone, without `=`, has a value of no lines.
 */
export type Ini = ReadonlyMap<string, ReadonlyMap<string, readonly Value[]>>;
type Value = readonly string[];

/**
 * Reads an INI file by the rules of oslo.config (oslo_config/iniparser.py): `=` or `:` ends the key, indented lines go on with
 * the value, a key given twice has two values, a blank line or a comment ends a value. Values are untouched but for white
 * space around their lines. Beyond it, one word alone is a key, as my.cnf has it. Comments are left out, so that changing
 * one restarts nothing. Errors: KLG-208, all of the file together.
 */
export function parseIni(text: string, file: string): Ini {
  const sections = new Map<string, Map<string, Value[]>>();
  const findings: Finding[] = [];
  // A file of another format is nothing but mistakes.
  const maxFindings = 20;
  let section: Map<string, Value[]> | undefined;
  let value: string[] | null = null;
  for (const [index, raw] of text
    .replace(/^\ufeff/, '')
    .split('\n')
    .entries()) {
    if (findings.length >= maxFindings) break;
    const line = raw.trimEnd();
    const mistake = (message: string) =>
      findings.push({
        code: 'KLG-208',
        severity: 'error',
        message,
        place: { file, line: index + 1, column: 1 },
      });
    if (/^\s/.test(line)) {
      if (value) value.push(line.trimStart());
      else mistake('an indented line goes on with the line above it, but there is none');
      continue;
    }
    value = null;
    if (line === '' || line.startsWith('#') || line.startsWith(';')) continue;
    if (line.startsWith('[')) {
      if (!line.endsWith(']')) mistake('the head of a section must end with ]');
      else if (line.length === 2) mistake('a section has no name');
      section = child(sections, line.slice(1, -1), () => new Map());
      continue;
    }
    const [key, lines] = assignment(line);
    if (key === '') mistake('there is no key before the = or :');
    else if (lines.length === 0 && /\s/.test(key))
      mistake('neither a section, nor a comment, nor KEY = VALUE');
    section ??= child(sections, '', () => new Map());
    child(section, key, () => []).push(lines);
    value = lines;
  }
  throwFirst(findings);
  return sections;
}

function assignment(line: string): [string, string[]] {
  const end = line.search(/[=:]/);
  return end < 0 ? [line, []] : [line.slice(0, end).trim(), [line.slice(end + 1).trim()]];
}

function child<T>(map: Map<string, T>, key: string, make: () => T): T {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}

/**
 * Lays files over one another: a key of a later file takes the place of all its values in the earlier ones
 * (kolla-ansible's merge_configs.py). Sections and keys stay where they first were.
 */
export function mergeIni(files: readonly Ini[]): Ini {
  const merged = new Map<string, Map<string, readonly Value[]>>();
  // What stands before any section must be printed before them, whichever file brings it.
  if (files.some((file) => file.has(''))) merged.set('', new Map());
  for (const file of files) {
    for (const [name, keys] of file) {
      const section = child(merged, name, () => new Map());
      for (const [key, values] of keys) section.set(key, values);
    }
  }
  return merged;
}

/** The file as text: `key = value`, the further lines of a value below its first, a blank line between sections. */
export function printIni(ini: Ini): string {
  return [...ini]
    .map(([name, keys]) => printSection(name, keys))
    .filter(Boolean)
    .join('\n');
}

function printSection(name: string, keys: ReadonlyMap<string, readonly Value[]>): string {
  let out = name === '' ? '' : `[${name}]\n`;
  for (const [key, values] of keys) {
    const indent = ' '.repeat(key.length + 3);
    for (const [first, ...more] of values) {
      out += first === undefined ? `${key}\n` : first === '' ? `${key} =\n` : `${key} = ${first}\n`;
      for (const line of more) out += `${indent}${line}\n`;
    }
  }
  return out;
}
