import type { KubernetesClient } from '../../kubernetes/client.ts';
import { ApiError } from '../../kubernetes/errors.ts';
import type { Kind } from '../../kubernetes/kinds.ts';
import type { ApiObject } from '../../kubernetes/object.ts';

/** What an object of the state is for. */
export type Part = 'revision' | 'piece' | 'journal' | 'events' | 'lock' | 'pause';

/** Where a deployment's state lies in a cluster, and how its objects are named and labelled. */
export class Place {
  readonly client: KubernetesClient;
  readonly namespace: string;
  readonly deployment: string;

  constructor(client: KubernetesClient, namespace: string, deployment: string) {
    this.client = client;
    this.namespace = namespace;
    this.deployment = deployment;
  }

  /** `kollage-mycloud-7-1f3a` */
  name(...parts: readonly (string | number)[]): string {
    return ['kollage', this.deployment, ...parts].join('-');
  }

  /** Labels that tell the objects of one part (kubernetes.io/docs/concepts/overview/working-with-objects/common-labels). */
  labels(part: Part, revision?: number): Record<string, string> {
    return {
      'app.kubernetes.io/managed-by': 'kollage',
      'kollage.dev/deployment': this.deployment,
      'kollage.dev/state': part,
      ...(revision === undefined ? {} : { 'kollage.dev/revision': String(revision) }),
    };
  }

  selector(part: Part): string {
    return `kollage.dev/deployment=${this.deployment},kollage.dev/state=${part}`;
  }

  secret(name: string, part: Part, revision?: number): ApiObject {
    return {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name, namespace: this.namespace, labels: this.labels(part, revision) },
      type: 'kollage.dev/state',
    };
  }

  at<K extends Kind>(kind: K, name: string) {
    return { kind, namespace: this.namespace, name } as const;
  }

  /** Makes an object, and the namespace before it where that is not there. */
  create(made: ApiObject): Promise<ApiObject> {
    return this.#inNamespace(() => this.client.create(made));
  }

  /** Makes an object what it is to be, whether it is there or not, and the namespace before it where that is not there. */
  apply(wanted: ApiObject): Promise<ApiObject> {
    return this.#inNamespace(() => this.client.apply(wanted, { manager: 'kollage', force: true }));
  }

  async #inNamespace(write: () => Promise<ApiObject>): Promise<ApiObject> {
    try {
      return await write();
    } catch (error) {
      if (!(error instanceof ApiError) || error.code !== 404) throw error;
    }
    await this.#createNamespace();
    return write();
  }

  async #createNamespace(): Promise<void> {
    try {
      await this.client.create({
        apiVersion: 'v1',
        kind: 'Namespace',
        metadata: {
          name: this.namespace,
          labels: { 'app.kubernetes.io/managed-by': 'kollage', 'kollage.dev/deployment': this.deployment },
        },
      });
    } catch (error) {
      // Somebody else was faster.
      if (!(error instanceof ApiError && error.code === 409)) throw error;
    }
  }
}
