import type { ResourceKey } from '../../model/resource.ts';

/** `keystone/api` of `workload:keystone/api`. */
export function idOf(key: ResourceKey): string {
  return key.slice(key.indexOf(':') + 1);
}

/**
 * A need as people name it. The start program reports `task ID FINGERPRINT` and `output ID:KEY` (images/start/README.md); an endpoint
 * or a component has its bare name already.
 */
export function shortNeed(need: string): string {
  const [kind, name] = need.split(' ', 2);
  return (kind === 'task' || kind === 'output') && name ? name : need;
}
