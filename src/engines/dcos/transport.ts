import type { SecretOf } from '../../load/secret-of.ts';
import type { Transport } from '../../mesos/transport.ts';
import type { DeploymentFile } from '../../model/deployment.ts';
import { KollageError } from '../../model/error.ts';
import { passwordFor } from '../login.ts';
import { type Account, serviceAccount } from './account.ts';
import { AdminRouter } from './router.ts';

/** The secret with the credentials of a service account, and the variable in which DC/OS gives them to apps. */
const accountOf = 'kollage_engine_account';
const accountVariable = 'DCOS_SERVICE_ACCOUNT_CREDENTIAL';

/**
 * Marathon, Mesos and its agents behind the admin router of the cluster that kollage.yaml names; the name that the cluster's own DNS gives where it names none. KLG-120
 * where there is nothing to log in with, KLG-565 for credentials that are none.
 */
export async function dcosTransport(
  engine: DeploymentFile['engine'],
  secret: SecretOf | undefined,
): Promise<Transport> {
  const { address, user, ca }: Exclude<DeploymentFile['engine'], string> =
    typeof engine === 'string' ? { type: engine } : engine;
  const account = await accountFor(user, secret);
  const url = (address ?? 'https://master.mesos').replace(/\/+$/, '');
  const router = new AdminRouter({ url, account, ...(ca !== undefined && { ca }) });
  return {
    fetch: router.fetch,
    marathon: [`${url}/service/marathon`],
    mesos: [`${url}/mesos`],
    agent: (id) => `${url}/agent/${id}`,
    principal: account.uid,
  };
}

async function accountFor(user: string | undefined, secret: SecretOf | undefined): Promise<Account> {
  if (user !== undefined)
    return { type: 'user', uid: user, password: await passwordFor(user, 'DC/OS', secret) };
  const text = (await secret?.(accountOf)) ?? process.env[accountVariable];
  if (text !== undefined) return serviceAccount(text);
  throw new KollageError({
    code: 'KLG-120',
    message: `neither is a user named for DC/OS, nor is there the secret ${accountOf}, a service account's credentials`,
  });
}
