import { ZooKeeperStore } from '../../src/state/zookeeper/store.ts';
import { serversOf, ZooKeeperClient } from '../../src/zookeeper/client.ts';
import { StoreKey } from '../../src/zookeeper/seal.ts';

/* Takes the lock of the deployment that is named, says so, and holds it until it is killed. */
const [, , servers = '', deployment = '', secret = ''] = process.argv;
const key = new StoreKey(secret, deployment);
const client = new ZooKeeperClient({ servers: serversOf(servers), credentials: [key.owner], timeout: 4000 });
await new ZooKeeperStore(client, deployment, key).lock();
process.stdout.write('held\n');
setInterval(() => undefined, 1000);
