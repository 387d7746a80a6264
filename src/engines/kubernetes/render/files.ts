import { hash } from '../../../compile/fingerprint.ts';
import type { Task, Workload } from '../../../model/resource.ts';
import { tokensIn } from '../../../model/token.ts';
import { annotation, objectName, only, short } from '../names.ts';
import type { Manifest, RenderScope } from './scope.ts';

export interface ConfigMap extends Manifest {
  readonly immutable?: boolean;
  readonly data: Readonly<Record<string, string>>;
}

/** The key of a ConfigMap under which the specs of the start program lie, beside the files of the process. */
export const specKey = { wait: 'kollage.wait.json', run: 'kollage.run.json', needs: 'needs.json' } as const;

/** A ConfigMap that is named by what it holds: a change makes another one, and going back finds the old one. */
export function configMap(
  scope: RenderScope,
  name: string,
  data: ConfigMap['data'],
  of?: Workload | Task,
): ConfigMap {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: scope.head(objectName(name, `-${short(hash(data))}`), of),
    immutable: true,
    data,
  };
}

/** The start program. It keeps its name: a newer one is no reason to make a pod anew. */
export function startProgram(scope: RenderScope): ConfigMap {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: scope.head(only.program), data: scope.start };
}

/** A secret that a process uses: the object's name says which value it has by a keyed hash, so that it can be made elsewhere too. */
export function secretName(scope: RenderScope, id: string): string {
  const fingerprint = scope.secrets.get(id)?.fingerprint ?? 'missing';
  return objectName(id, `-${short(hash(fingerprint))}`);
}

export interface SecretObject extends Manifest {
  readonly type: string;
  readonly immutable: boolean;
  readonly data: Readonly<Record<string, string>>;
}

/** The key under which a secret's value lies in its object. */
export const secretKey = 'value';

/** A secret with its value, under its own name or another one. */
export function secretObject(
  scope: RenderScope,
  id: string,
  value: string,
  name = secretName(scope, id),
): SecretObject {
  const { labels = {}, ...head } = scope.head(name);
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { ...head, labels, annotations: { [annotation.key]: `secret:${id}` } },
    type: 'Opaque',
    immutable: true,
    data: { [secretKey]: Buffer.from(value, 'utf8').toString('base64') },
  };
}

/** Whether a text holds what must be filled in where it is used. */
export function isOpen(text: string): boolean {
  return tokensIn(text).length > 0;
}
