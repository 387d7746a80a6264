import { KubernetesClient } from '../../kubernetes/client.ts';
import { telling } from '../../kubernetes/errors.ts';
import { LiveClient } from '../../kubernetes/live.ts';
import type { DeploymentFile } from '../../model/deployment.ts';
import { type KubernetesSettings, settingsOf } from './settings.ts';

/** How a cluster is worked on. */
export interface How {
  /** What is looked at is followed from then on (LiveClient). */
  readonly live?: boolean;
  /** Fields that others have set are taken over, else that is a conflict (KLG-544). */
  readonly takeOver?: boolean;
}

/** The cluster that an engine works on, reached when it is first asked for something. */
export class Cluster {
  readonly #engine: DeploymentFile['engine'];
  readonly #how: How;
  #client: Promise<KubernetesClient> | undefined;

  constructor(engine: DeploymentFile['engine'], how: How = {}) {
    this.#engine = engine;
    this.#how = how;
  }

  /** Throws KLG-540. */
  client(): Promise<KubernetesClient> {
    const { address, context } =
      typeof this.#engine === 'string' ? ({} as { address?: string; context?: string }) : this.#engine;
    const client = this.#how.live ? LiveClient : KubernetesClient;
    this.#client ??= client.connect({ kubeconfig: address, context }, this.#how);
    return this.#client;
  }

  settings(deployment: string): KubernetesSettings {
    return settingsOf(deployment, this.#engine);
  }

  /** Asks for something in a deployment's namespace. What goes wrong is told as a person is told it: KLG-501, 502, 54x. */
  ask<T>(
    deployment: string,
    request: (client: KubernetesClient, namespace: string) => Promise<T>,
  ): Promise<T> {
    const { namespace } = this.settings(deployment);
    return telling(async () => request(await this.client(), namespace));
  }
}
