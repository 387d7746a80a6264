import type { ZooKeeperClient } from '../../zookeeper/client.ts';
import { code, is } from '../../zookeeper/errors.ts';
import { type Acls, anyone, digest, type Op, permission } from '../../zookeeper/protocol.ts';
import type { StoreKey } from '../../zookeeper/seal.ts';

/** Where all deployments are. */
const root = '/kollage';

/**
 * Where a deployment's state lies in ZooKeeper, and who may see it. Everybody may make a deployment, and see that there is one; what is in it is its
 * owner's alone, and that it is there its containers' as well.
 */
export class Place {
  readonly client: ZooKeeperClient;
  readonly deployment: string;
  readonly key: StoreKey;
  /** What nobody but the owner may see. */
  readonly owners: Acls;

  constructor(client: ZooKeeperClient, deployment: string, key: StoreKey) {
    this.client = client;
    this.deployment = deployment;
    this.key = key;
    this.owners = [digest(permission.all, key.owner)];
  }

  /** `/kollage/mycloud/state/revisions/00000007` */
  path(...parts: readonly (string | number)[]): string {
    const names = parts.map((part) => (typeof part === 'number' ? String(part).padStart(8, '0') : part));
    return [root, this.deployment, 'state', ...names].join('/');
  }

  create(path: string, data: Uint8Array): Op {
    return { type: 'create', path, data, acl: this.owners };
  }

  /** Makes changes, and what they are made in where that is not there yet. */
  async write(ops: readonly Op[]): Promise<void> {
    try {
      await this.client.multi(ops);
    } catch (error) {
      if (!is(error, code.noNode) || (await this.client.exists(this.path('lock'))) !== null) throw error;
      await this.#make();
      await this.client.multi(ops);
    }
  }

  async #make(): Promise<void> {
    await this.client.make(root, [anyone(permission.read | permission.create | permission.remove)]);
    const { member } = this.key;
    await this.client.make(`${root}/${this.deployment}`, [...this.owners, digest(permission.read, member)]);
    // The lock last: where it is, all is.
    for (const name of ['revisions', 'pieces', 'lock']) await this.client.make(this.path(name), this.owners);
  }
}
