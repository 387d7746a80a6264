import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { KubeConfig } from '@kubernetes/client-node';
import { KollageError, messageOf } from '../model/error.ts';

/** Which cluster is meant, and as whom. */
export interface ClusterAddress {
  /** The path of a kubeconfig; else what kubectl takes: `KUBECONFIG`, `~/.kube/config`, the service account of the pod that we are in. */
  readonly kubeconfig?: string | undefined;
  /** A context of it; else the current one. */
  readonly context?: string | undefined;
}

/** Reads how to reach a cluster. Throws KLG-540 when nothing says so, or no context is of that name. */
export async function readConfig({ kubeconfig, context }: ClusterAddress): Promise<KubeConfig> {
  // Half a second of loading, which only those pay who talk to a cluster.
  const { KubeConfig } = await import('@kubernetes/client-node');
  const config = new KubeConfig();
  try {
    if (kubeconfig !== undefined) config.loadFromFile(kubeconfig);
    else if (process.env['KUBECONFIG'] || existsSync(join(homedir(), '.kube', 'config')))
      config.loadFromDefault();
    else if (existsSync('/var/run/secrets/kubernetes.io/serviceaccount/token')) config.loadFromCluster();
    else throw new Error('no kubeconfig: KUBECONFIG is not set, and there is no ~/.kube/config');
    if (context !== undefined) config.setCurrentContext(context);
    if (config.getContextObject(config.getCurrentContext()) === null)
      throw new Error(
        `${config.getCurrentContext() ? `there is no context ${config.getCurrentContext()}` : 'no context is current'}; there are: ${names(config)}`,
      );
    if (config.getCurrentCluster() === null)
      throw new Error(`the context ${config.getCurrentContext()} names a cluster that is not there`);
    return config;
  } catch (cause) {
    throw new KollageError({ code: 'KLG-540', message: reason(cause, kubeconfig) }, { cause });
  }
}

/** What is wrong with a kubeconfig, without any of what it holds: a parser would show the line. */
function reason(error: unknown, kubeconfig: string | undefined): string {
  const file = kubeconfig ?? process.env['KUBECONFIG'] ?? '~/.kube/config';
  if (error instanceof Error && 'reason' in error)
    return `${file} is not valid YAML: ${String(error.reason)}`;
  return error instanceof TypeError ? `${file} is no kubeconfig` : messageOf(error);
}

function names(config: KubeConfig): string {
  return (
    config
      .getContexts()
      .map(({ name }) => name)
      .join(', ') || 'none'
  );
}
