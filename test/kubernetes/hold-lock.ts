import { KubernetesClient } from '../../src/kubernetes/client.ts';
import { KubernetesStore } from '../../src/state/kubernetes/store.ts';

/* Takes the lock of the deployment that is named, says so, and holds it until it is killed. */
const [, , deployment = ''] = process.argv;
const store = new KubernetesStore(await KubernetesClient.connect({}), deployment, deployment);
await store.lock();
process.stdout.write('held\n');
setInterval(() => undefined, 1000);
