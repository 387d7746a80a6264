import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { z } from 'zod';

/** Whose requests the API server writes down, each once, when it comes (kubernetes.io/docs/tasks/debug/debug-cluster/audit). */
const operator = { name: 'operator', namespace: 'default' };
const policy = {
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  omitStages: ['ResponseStarted', 'ResponseComplete'],
  rules: [
    { level: 'Metadata', users: [`system:serviceaccount:${operator.namespace}:${operator.name}`] },
    { level: 'None' },
  ],
};

/** The flags of an API server that writes an operator's requests down. */
export function auditing(folder: string): Record<string, string> {
  const file = join(folder, 'audit-policy.json');
  writeFileSync(file, JSON.stringify(policy));
  return { 'audit-policy-file': file, 'audit-log-path': logOf(folder), 'audit-log-mode': 'blocking-strict' };
}

const line = z.looseObject({
  verb: z.string(),
  requestReceivedTimestamp: z.string(),
  objectRef: z
    .looseObject({
      resource: z.string().default(''),
      name: z.string().default(''),
      subresource: z.string().default(''),
    })
    .prefault({}),
});

/** A request of the operator's. */
export interface Asked {
  /** `list pods`, `get services/proxy` */
  readonly what: string;
  readonly name: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** All that the operator has asked of a cluster, in order. */
export function requestsOf(folder: string): Asked[] {
  if (!existsSync(logOf(folder))) return [];
  return readFileSync(logOf(folder), 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((text) => {
      const { verb, objectRef, requestReceivedTimestamp } = line.parse(JSON.parse(text));
      const { resource, name, subresource } = objectRef;
      const what = `${verb} ${[resource, subresource].filter(Boolean).join('/')}`;
      return { what, name, at: Date.parse(requestReceivedTimestamp) };
    });
}

/** Makes a user whose requests are counted, and who may do everything; gives the path of its kubeconfig. */
export function makeOperator(folder: string, kubeconfig: string): string {
  const kubectl = (...args: string[]) =>
    execFileSync(join(folder, 'bin/kubectl'), args, {
      encoding: 'utf8',
      env: { ...process.env, KUBECONFIG: kubeconfig },
    });
  const { name, namespace } = operator;
  kubectl('create', 'serviceaccount', name, '--namespace', namespace);
  kubectl(
    'create',
    'clusterrolebinding',
    name,
    '--clusterrole=cluster-admin',
    `--serviceaccount=${namespace}:${name}`,
  );
  const token = kubectl('create', 'token', name, '--namespace', namespace, '--duration=12h');
  const { clusters, contexts, ...config } = z
    .looseObject({
      clusters: z.array(z.unknown()),
      contexts: z.array(z.looseObject({ context: z.looseObject({}) })),
    })
    .parse(JSON.parse(kubectl('config', 'view', '--raw', '--output', 'json')));
  const mine = contexts.map((one) => ({ ...one, context: { ...one.context, user: name } }));
  const path = join(folder, 'operator.kubeconfig');
  const users = [{ name, user: { token: token.trim() } }];
  writeFileSync(path, stringify({ ...config, clusters, contexts: mine, users }), { mode: 0o600 });
  return path;
}

function logOf(folder: string): string {
  return join(folder, 'log', 'audit.log');
}
