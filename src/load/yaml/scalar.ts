/**
 * What a plain (unquoted) scalar means.
 * `1.2`: the core schema of YAML 1.2 (https://yaml.org/spec/1.2.2/#1032-tag-resolution), for Kollage's own files.
 * `1.1`: as PyYAML reads it, and so Ansible, for kolla-ansible's files: yes and no are booleans, 010 is eight, 1_000 a number.
 * Left as texts in both: infinities, whole numbers that a double cannot hold, dates, and YAML 1.1's base-60 numbers,
 * because nobody means 12:30 to be 750.
 */
export type Dialect = '1.1' | '1.2';

export function plainScalar(text: string, dialect: Dialect): string | number | boolean | null {
  const first = text.charCodeAt(0);
  // Digits, sign and dot begin numbers; nothing else does.
  if ((first >= 48 && first <= 57) || first === 43 || first === 45 || first === 46) {
    return (dialect === '1.2' ? number12(text) : number11(text)) ?? text;
  }
  if (text.length > 5) return text;
  const word = words.get(text);
  if (word === undefined) return text;
  return word.only === undefined || word.only === dialect ? word.value : text;
}

interface Word {
  readonly value: boolean | null;
  readonly only?: Dialect;
}

const words = new Map<string, Word>();
for (const text of ['', '~', 'null', 'Null', 'NULL']) words.set(text, { value: null });
for (const text of ['true', 'True', 'TRUE']) words.set(text, { value: true });
for (const text of ['false', 'False', 'FALSE']) words.set(text, { value: false });
for (const text of ['yes', 'Yes', 'YES', 'on', 'On', 'ON']) words.set(text, { value: true, only: '1.1' });
for (const text of ['no', 'No', 'NO', 'off', 'Off', 'OFF']) words.set(text, { value: false, only: '1.1' });

function number12(text: string): number | null {
  if (/^[-+]?[0-9]+$/.test(text)) return whole(Number(text));
  if (/^0o[0-7]+$|^0x[0-9a-fA-F]+$/.test(text)) return whole(Number(text));
  if (/^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$/.test(text)) return finite(Number(text));
  return null;
}

function number11(text: string): number | null {
  const sign = text.startsWith('-') ? -1 : 1;
  const digits = text.replace(/^[-+]/, '').replaceAll('_', '');
  if (/^[-+]?(0|[1-9][0-9_]*)$/.test(text)) return whole(sign * Number(digits));
  if (/^[-+]?0[0-7_]+$/.test(text)) return whole(sign * Number.parseInt(digits, 8));
  if (/^[-+]?0(b[01_]+|x[0-9a-fA-F_]+)$/.test(text) && digits.length > 2) return whole(sign * Number(digits));
  if (/^[-+]?([0-9][0-9_]*\.[0-9_]*|\.[0-9][0-9_]*)([eE][-+][0-9]+)?$/.test(text))
    return finite(sign * Number(digits));
  return null;
}

function whole(value: number): number | null {
  return Number.isSafeInteger(value) ? value : null;
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
