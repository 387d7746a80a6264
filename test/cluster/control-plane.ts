import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { KubernetesClient } from '../../src/kubernetes/client.ts';
import { ApiError, ConnectionError } from '../../src/kubernetes/errors.ts';
import { startOf } from '../../src/state/lock.ts';
import { auditing } from './audit.ts';
import { commandOf, type Fabric } from './fabric.ts';

export const serviceAddress = '10.96.0.1';

/** Starts what the API server keeps everything in. */
export function startEtcd(fabric: Fabric, folder: string): void {
  mkdirSync(join(folder, 'etcd'), { mode: 0o700 });
  start(fabric, folder, 'etcd', {
    'data-dir': join(folder, 'etcd'),
    // It is not to outlive the machine.
    'unsafe-no-fsync': 'true',
    'listen-client-urls': 'http://127.0.0.1:2379',
    'advertise-client-urls': 'http://127.0.0.1:2379',
    'listen-peer-urls': 'http://127.0.0.1:2380',
  });
}

/** Starts the API server; gives a client of it as soon as it is ready. */
export async function startApiServer(fabric: Fabric, folder: string): Promise<KubernetesClient> {
  const pki = join(folder, 'pki');
  start(fabric, folder, 'kube-apiserver', {
    ...auditing(folder),
    'etcd-servers': 'http://127.0.0.1:2379',
    'advertise-address': `${fabric.subnet}.1`,
    'tls-cert-file': join(pki, 'apiserver.crt'),
    'tls-private-key-file': join(pki, 'apiserver.key'),
    'client-ca-file': join(pki, 'ca.crt'),
    'service-account-issuer': 'https://kubernetes.default.svc',
    'service-account-key-file': join(pki, 'service-accounts.pub'),
    'service-account-signing-key-file': join(pki, 'service-accounts.key'),
    'service-cluster-ip-range': '10.96.0.0/16',
    'authorization-mode': 'Node,RBAC',
    'enable-admission-plugins': 'NodeRestriction',
    'allow-privileged': 'true',
    'kubelet-client-certificate': join(pki, 'apiserver-kubelet-client.crt'),
    'kubelet-client-key': join(pki, 'apiserver-kubelet-client.key'),
    'kubelet-certificate-authority': join(pki, 'ca.crt'),
    'kubelet-preferred-address-types': 'InternalIP',
    'requestheader-client-ca-file': join(pki, 'front-proxy-ca.crt'),
    'requestheader-allowed-names': 'front-proxy-client',
    'requestheader-username-headers': 'X-Remote-User',
    'requestheader-group-headers': 'X-Remote-Group',
    'requestheader-extra-headers-prefix': 'X-Remote-Extra-',
    'proxy-client-cert-file': join(pki, 'front-proxy-client.crt'),
    'proxy-client-key-file': join(pki, 'front-proxy-client.key'),
    'enable-aggregator-routing': 'true',
    // Pods leave a lost node after seconds.
    'default-not-ready-toleration-seconds': '3',
    'default-unreachable-toleration-seconds': '3',
  });
  const client = await KubernetesClient.connect({ kubeconfig: join(pki, 'admin.kubeconfig') });
  await ready(client);
  return client;
}

function pidOf(folder: string, name: string): string | undefined {
  return readdirSync('/proc').find((one) => commandOf(one).startsWith(`${join(folder, 'bin', name)}\0`));
}

/** Lets a part of the control plane stand still. */
export function halt(folder: string, name: string): void {
  process.kill(Number(pidOf(folder, name)), 'SIGSTOP');
}

/** Lets it go on: nsenter, which started it, stands still with it, and would not see its end (util-linux, nsenter.c: continue_as_child). */
export function resume(folder: string, name: string): void {
  const pid = Number(pidOf(folder, name));
  const [, parent] = /^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  for (const one of [pid, Number(parent)]) process.kill(one, 'SIGCONT');
}

/** Kills a part of the control plane; resolves when it is gone. */
export async function kill(folder: string, name: string): Promise<void> {
  const pid = pidOf(folder, name);
  const started = pid === undefined ? null : startOf(Number(pid));
  if (started === null) return;
  process.kill(Number(pid), 'SIGKILL');
  while (startOf(Number(pid)) === started) await pause(10);
}

/** Starts what makes the cluster's objects come true. `grace`: seconds after which a silent node is lost. */
export function startControllers(fabric: Fabric, folder: string, grace: number): void {
  const pki = join(folder, 'pki');
  // Not behind those of tests, which make much at once.
  const speed = { 'kube-api-qps': '1000', 'kube-api-burst': '2000' };
  start(fabric, folder, 'kube-controller-manager', {
    ...speed,
    kubeconfig: join(pki, 'admin.kubeconfig'),
    'leader-elect': 'false',
    'use-service-account-credentials': 'false',
    'service-account-private-key-file': join(pki, 'service-accounts.key'),
    'root-ca-file': join(pki, 'ca.crt'),
    'cluster-signing-cert-file': join(pki, 'ca.crt'),
    'cluster-signing-key-file': join(pki, 'ca.key'),
    'bind-address': '127.0.0.1',
    'node-monitor-period': '1s',
    'node-monitor-grace-period': `${grace}s`,
  });
  start(fabric, folder, 'kube-scheduler', {
    ...speed,
    kubeconfig: join(pki, 'scheduler.kubeconfig'),
    'leader-elect': 'false',
    'bind-address': '127.0.0.1',
  });
  const admin = { kubeconfig: join(pki, 'admin.kubeconfig') };
  start(fabric, folder, 'dns', { ...admin, listen: `${fabric.subnet}.1:53` }, 'kube');
  start(fabric, folder, 'volumes', { ...admin, root: folder }, 'kube');
}

/** Starts a program with these flags; `program` has it as a part when it is not one of its own name. */
export function start(
  fabric: Fabric,
  folder: string,
  name: string,
  flags: Readonly<Record<string, string>>,
  program?: string,
): void {
  void fabric.spawn(join(folder, 'log', `${name}.log`), join(folder, 'bin', program ?? name), [
    ...(program === undefined ? [] : [name]),
    ...Object.entries(flags).map(([flag, value]) => `--${flag}=${value}`),
  ]);
}

/** Nothing tells when a server begins to listen: it is asked until it says so. */
async function ready(client: KubernetesClient): Promise<void> {
  for (const until = Date.now() + 120_000; ; ) {
    try {
      await client.transport.text({ method: 'GET', path: '/readyz', verb: 'get /readyz' });
      return;
    } catch (error) {
      if (!(error instanceof ConnectionError || error instanceof ApiError) || Date.now() > until) throw error;
    }
    await pause(100);
  }
}
