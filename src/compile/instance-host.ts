import type { EngineTraits } from '../model/loaded.ts';
import { token } from '../model/token.ts';
import type { Context } from './context.ts';

/** The host of the instance that a text lands in, as a token; undefined where instances have no names. */
export function ownHost(context: Context, service: string, component: string): string | undefined {
  const { instances } = context.input.engine;
  if (!instances || !context.instances.has(`${service}/${component}`)) return undefined;
  return hostOf(context, service, component, instances, null);
}

/** The host of an instance by its number; of the one that the text lands in where that is null. */
export function hostOf(
  { input: { deployment } }: Context,
  service: string,
  component: string,
  { name, host }: NonNullable<EngineTraits['instances']>,
  number: string | null,
): string {
  const values: Record<string, string> = {
    service,
    component,
    deployment: deployment.name,
    namespace: deployment.engine.namespace ?? deployment.name,
  };
  const fill = (text: string, more: Record<string, string>) =>
    text.replace(/\{(\w+)\}/g, (whole, key: string) => ({ ...values, ...more })[key] ?? whole);
  const instance = number === null ? token('instance', 'name') : fill(name, { number });
  return fill(host, { instance });
}
