import type { V1EnvVar } from '@kubernetes/client-node';
import type { Process } from '../../../model/resource.ts';
import { tokensIn } from '../../../model/token.ts';
import { secretKey, secretName } from './files.ts';
import type { RenderScope } from './scope.ts';

/** What the start program must know of its pod. */
export const podEnv: V1EnvVar[] = [
  field('KOLLAGE_INSTANCE', 'metadata.name'),
  field('KOLLAGE_POD', 'metadata.uid'),
  field('KOLLAGE_NODE', 'spec.nodeName'),
];

/** The variables of a process. `wrapped`: the start program fills in their tokens, else Kubernetes does. */
export function environment(scope: RenderScope, process: Process, wrapped: boolean): V1EnvVar[] {
  const own = Object.entries({
    ...(process.start === 'kolla' && { KOLLA_CONFIG_STRATEGY: 'COPY_ALWAYS' }),
    ...process.env,
  });
  return own.map(
    ([name, value]) =>
      (wrapped ? undefined : fromToken(scope, name, value)) ?? { name, value: literal(value) },
  );
}

/** A text that Kubernetes leaves as it is: it reads $(NAME), and $$ as one $. */
export function literal(text: string): string {
  return text.replaceAll('$', () => '$$');
}

function fromToken(scope: RenderScope, name: string, value: string): V1EnvVar | undefined {
  const [token] = tokensIn(value);
  if (token?.kind === 'secret')
    return { name, valueFrom: { secretKeyRef: { name: secretName(scope, token.name), key: secretKey } } };
  if (token?.kind === 'node') return field(name, token.name === 'name' ? 'spec.nodeName' : 'status.podIP');
  return undefined;
}

function field(name: string, fieldPath: string): V1EnvVar {
  return { name, valueFrom: { fieldRef: { fieldPath } } };
}
