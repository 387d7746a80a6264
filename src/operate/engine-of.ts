import { dcos } from '../engines/dcos/traits.ts';
import { dcosTransport } from '../engines/dcos/transport.ts';
import { DockerEngine } from '../engines/docker/engine.ts';
import type { Engine } from '../engines/engine.ts';
import { KubernetesEngine } from '../engines/kubernetes/engine.ts';
import { MarathonEngine } from '../engines/marathon/engine.ts';
import type { SecretOf } from '../load/secret-of.ts';
import type { DeploymentFile } from '../model/deployment.ts';

/** How an engine is worked on. */
export interface EngineHow {
  /** For who looks again and again. */
  readonly live?: boolean;
  /** What others have set in a cluster, or are about to, is taken over. */
  readonly takeOver?: boolean;
  /** The secrets with which it is logged in to. */
  readonly secret?: SecretOf;
}

/** The engine that a deployment names. */
export function engineFor(settings: DeploymentFile['engine'], how: EngineHow = {}): Engine {
  const { type, address } = typeof settings === 'string' ? { type: settings } : settings;
  if (type === 'docker') return new DockerEngine(address);
  if (type === 'kubernetes') return new KubernetesEngine(settings, how);
  if (type === 'marathon') return new MarathonEngine(settings, how);
  const transport = () => dcosTransport(settings, how.secret);
  return new MarathonEngine(settings, { ...how, traits: dcos, transport });
}
