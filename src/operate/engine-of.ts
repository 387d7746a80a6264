import { DockerEngine } from '../engines/docker/engine.ts';
import type { Engine } from '../engines/engine.ts';
import type { DeploymentFile } from '../model/deployment.ts';
import { KollageError, type Place } from '../model/error.ts';

/** The engine that a deployment names at `place`. KLG-210 for one that can only plan and render so far. */
export function engineFor(settings: DeploymentFile['engine'], place: Place): Engine {
  const { type, address } = typeof settings === 'string' ? { type: settings } : settings;
  if (type === 'docker') return new DockerEngine(address);
  throw new KollageError({
    code: 'KLG-210',
    message: `the engine ${type} can be planned and rendered for, but nothing can be run on it yet`,
    place,
  });
}
