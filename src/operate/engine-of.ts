import { DockerEngine } from '../engines/docker/engine.ts';
import type { Engine } from '../engines/engine.ts';
import { KubernetesEngine } from '../engines/kubernetes/engine.ts';
import type { DeploymentFile } from '../model/deployment.ts';
import { KollageError, type Place } from '../model/error.ts';

/**
 * The engine that a deployment names at `place`. `live`: for who looks again and again; `takeOver`: what others have set in a cluster is taken over. KLG-210
 * for one that can only plan and render so far.
 */
export function engineFor(
  settings: DeploymentFile['engine'],
  place: Place,
  how: { readonly live?: boolean; readonly takeOver?: boolean } = {},
): Engine {
  const { type, address } = typeof settings === 'string' ? { type: settings } : settings;
  if (type === 'docker') return new DockerEngine(address);
  if (type === 'kubernetes') return new KubernetesEngine(settings, how);
  throw new KollageError({
    code: 'KLG-210',
    message: `the engine ${type} can be planned and rendered for, but nothing can be run on it yet`,
    place,
  });
}
