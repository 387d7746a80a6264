import type { DeploymentFile } from '../../model/deployment.ts';

/** What kollage.yaml says of the cluster. */
export interface KubernetesSettings {
  readonly namespace: string;
  readonly storage: {
    /** The storage class of volumes that are mounted by pods of one node at a time; the cluster's default when null. */
    readonly class: string | null;
    /** Of volumes that pods of several nodes mount at once; null where there is none. */
    readonly shared: string | null;
    /** Folders of this node instead of a storage class: for a lab. */
    readonly host: { readonly path: string; readonly node: string } | null;
    /** Of a volume that does not say how large it is. */
    readonly size: string;
    /** Where the folders of volumes lie that each node has of its own. */
    readonly nodePath: string;
  };
  /** Names of the Secrets that log in to registries. */
  readonly pullSecrets: readonly string[];
}

/** Fills in what `engine` of kollage.yaml leaves out. */
export function settingsOf(deployment: string, engine: DeploymentFile['engine']): KubernetesSettings {
  const given: Exclude<DeploymentFile['engine'], string> =
    typeof engine === 'string' ? { type: engine } : engine;
  const { namespace = deployment, storage = {}, pullSecrets = [] } = given;
  return {
    namespace,
    storage: {
      class: storage.class ?? null,
      shared: storage.shared ?? null,
      host: storage.host ?? null,
      size: storage.size ?? '10G',
      nodePath: storage.nodePath ?? '/var/lib/kollage',
    },
    pullSecrets,
  };
}
