import { within } from '../config/engine.ts';
import { nearest } from '../model/nearest.ts';
import type { Option } from '../model/service.ts';
import { kindOf } from './schema/describe.ts';

/** A value that an option takes, or in words what the option would take instead. */
export type Checked = { readonly value: unknown } | { readonly mistake: string };

/**
 * Checks a value against an option's definition. `text` is how it is written (an option for texts that is given 2025.10
 * takes that, not the number). Templates are not evaluated here: only the caller knows whether they may stand there.
 */
export function checkOption(option: Option, value: unknown, text?: string): Checked {
  if (value === null) {
    const empty = 'default' in option && option.default === null;
    return empty ? { value: null } : mistake(`must be ${kindOfOption(option)}, not empty`);
  }
  switch (option.type) {
    case 'string':
      return checkText(option, typeof value === 'number' ? (text ?? String(value)) : value);
    case 'boolean':
      return typeof value === 'boolean' ? { value } : wrong(option, value);
    case 'integer':
    case 'number':
      return checkNumber(option, value);
    case 'enum':
      return checkEnum(
        option,
        typeof value === 'number' || typeof value === 'boolean' ? (text ?? String(value)) : value,
      );
    case 'list':
      return Array.isArray(value) ? { value } : wrong(option, value);
    case 'map':
      return typeof value === 'object' && !Array.isArray(value) ? { value } : wrong(option, value);
  }
}

/**
 * The same for a value of globals.yml, which is taken as Ansible takes it: "yes" and 1 are booleans where one is expected,
 * "10" is a number, a comma-separated text is a list, and an empty text is an unset value.
 */
export function checkGlobal(option: Option, value: unknown, text?: string): Checked {
  const written = typeof value === 'string' ? value.trim() : value;
  if (option.type === 'boolean') return checkOption(option, truth(value) ?? value);
  if (typeof written === 'string') {
    if (written === '' && 'default' in option && option.default === null) return { value: null };
    if ((option.type === 'integer' || option.type === 'number') && /^[-+]?\d+(\.\d+)?$/.test(written))
      return checkOption(option, Number(written));
    if (option.type === 'list')
      return {
        value: written
          .split(',')
          .map((part) => part.trim())
          .filter((part) => part !== ''),
      };
  }
  if (option.type === 'string' && typeof value === 'boolean')
    return checkOption(option, text ?? String(value));
  return checkOption(option, value, text);
}

/** What Ansible's filter `bool` makes of a value; undefined for what is neither yes nor no. */
export function truth(value: unknown): boolean | undefined {
  const word = String(value).trim().toLowerCase();
  return truths.has(word) ? true : untruths.has(word) ? false : undefined;
}

// As Ansible's `bool` filter has them (ansible/module_utils/parsing/convert_bool.py).
const truths: ReadonlySet<string> = new Set(['y', 'yes', 'on', '1', 'true', 't', '1.0']);
const untruths: ReadonlySet<string> = new Set(['n', 'no', 'off', '0', 'false', 'f', '0.0']);

function checkText(option: Extract<Option, { type: 'string' }>, value: unknown): Checked {
  if (typeof value !== 'string') return wrong(option, value);
  if (option.pattern === undefined) return { value };
  const fits = matches(new RegExp(`^(?:${option.pattern})$`), value);
  if (fits) return { value };
  return fits === undefined
    ? mistake(`takes too long to compare with its pattern ${option.pattern}`)
    : mistake(`must be of the form ${option.pattern}, not ${kindOf(value)}`);
}

/** Undefined when it takes longer than any template may: some patterns backtrack for years. */
function matches(pattern: RegExp, value: string): boolean | undefined {
  try {
    return within(() => pattern.test(value));
  } catch {
    return undefined;
  }
}

function checkNumber(option: Extract<Option, { type: 'integer' | 'number' }>, value: unknown): Checked {
  if (typeof value !== 'number' || (option.type === 'integer' && !Number.isInteger(value)))
    return wrong(option, value);
  if (option.min !== undefined && value < option.min)
    return mistake(`must be at least ${option.min}, not ${value}`);
  if (option.max !== undefined && value > option.max)
    return mistake(`must be at most ${option.max}, not ${value}`);
  return { value };
}

function checkEnum(option: Extract<Option, { type: 'enum' }>, value: unknown): Checked {
  if (typeof value === 'string' && option.values.includes(value)) return { value };
  const near = typeof value === 'string' ? nearest(value, option.values) : undefined;
  const hint = near === undefined ? '' : `; did you mean ${near}?`;
  return mistake(`must be ${kindOfOption(option)}, not ${kindOf(value)}${hint}`);
}

function wrong(option: Option, value: unknown): Checked {
  return mistake(`must be ${kindOfOption(option)}, not ${kindOf(value)}`);
}

function mistake(text: string): Checked {
  return { mistake: text };
}

function kindOfOption(option: Option): string {
  return option.type === 'enum' ? `one of ${option.values.join(', ')}` : kinds[option.type];
}

const kinds = {
  string: 'a text',
  boolean: 'true or false',
  integer: 'a whole number',
  number: 'a number',
  list: 'a list',
  map: 'a map',
} as const;
