import { parse } from 'yaml';
import { setValue } from '../kollage-yaml/set.ts';

/**
 * Switches services on or off in the text of a kollage.yaml and touches nothing else of it. A service with settings keeps them. Throws KLG-903
 * where it is written in a way that cannot be edited.
 */
export function setServices(text: string, switched: ReadonlyMap<string, boolean>): string {
  return [...switched].reduce((now, [name, on]) => {
    const own: unknown = parse(now)?.services?.[name];
    const hasSettings = typeof own === 'object' && own !== null;
    return setValue(now, hasSettings ? ['services', name, 'enabled'] : ['services', name], on);
  }, text);
}
