import { isDeepStrictEqual } from 'node:util';
import { isMap, isScalar, type Pair, parse, parseDocument, type YAMLMap } from 'yaml';
import { KollageError } from '../../model/error.ts';

/**
 * Switches services on or off in the text of a kollage.yaml and touches nothing else of it: comments, order and spacing stay. A service
 * with settings keeps them. The text must be valid. Throws KLG-903 where it is written in a way that cannot be edited.
 */
export function setServices(text: string, switched: ReadonlyMap<string, boolean>): string {
  return [...switched].reduce((now, [name, on]) => {
    const edited = setService(now, name, on);
    if (!proves(now, edited, name, on)) throw unfit();
    return edited;
  }, text);
}

function setService(text: string, name: string, on: boolean): string {
  const { contents } = parseDocument(text);
  if (!isMap(contents) || contents.flow) throw unfit();
  const services = pairOf(contents, 'services');
  if (!services) return `${text}${text.endsWith('\n') ? '' : '\n'}\nservices:\n  ${name}: ${on}\n`;
  if (!isMap(services.value)) return put(text, services, `\n  ${name}: ${on}`);
  const service = pairOf(services.value, name);
  if (!service) return insert(text, services.value, `${name}: ${on}`);
  if (!isMap(service.value)) return put(text, service, ` ${on}`);
  const enabled = pairOf(service.value, 'enabled');
  return enabled ? put(text, enabled, ` ${on}`) : insert(text, service.value, `enabled: ${on}`);
}

function pairOf(map: YAMLMap, name: string): Pair | undefined {
  return map.items.find(({ key }) => isScalar(key) && key.value === name);
}

/** Puts a value in the place of the one of a key, which is a scalar or nothing. */
function put(text: string, { key, value }: Pair, fresh: string): string {
  const end = isScalar(key) ? key.range?.[1] : undefined;
  if (end === undefined || (value !== null && !isScalar(value))) throw unfit();
  const from = text.indexOf(':', end) + 1;
  const to = isScalar(value) && value.source !== '' ? (value.range?.[1] ?? from) : from;
  return text.slice(0, from) + fresh + text.slice(to);
}

/** Puts an entry before the others of a map, written as they are. */
function insert(text: string, map: YAMLMap, entry: string): string {
  const start = map.range?.[0];
  if (start === undefined) throw unfit();
  const rest = map.items.length > 0;
  if (map.flow) return `${text.slice(0, start + 1)} ${entry}${rest ? ',' : ' '}${text.slice(start + 1)}`;
  const indent = ' '.repeat(start - (text.lastIndexOf('\n', start - 1) + 1));
  return `${text.slice(0, start)}${entry}\n${indent}${text.slice(start)}`;
}

/** Whether this service is switched now, and nothing else has changed. */
function proves(before: string, after: string, name: string, on: boolean): boolean {
  try {
    const expected = parse(before) ?? {};
    const own = expected.services?.[name];
    const value = typeof own === 'object' && own !== null ? { ...own, enabled: on } : on;
    expected.services = { ...expected.services, [name]: value };
    return isDeepStrictEqual(parse(after), expected);
  } catch {
    return false;
  }
}

function unfit(): KollageError {
  return new KollageError({
    code: 'KLG-903',
    message: 'kollage.yaml is written in a way that cannot be changed without loss',
    next: 'Switch the service under `services` there by hand.',
  });
}
