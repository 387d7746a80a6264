import { z } from 'zod';
import type { SecretOf } from '../../load/secret-of.ts';
import { SchedulerError } from '../../mesos/errors.ts';
import { direct, type Transport } from '../../mesos/transport.ts';
import type { DeploymentFile } from '../../model/deployment.ts';
import { KollageError } from '../../model/error.ts';
import { openDeploymentIn } from '../../zookeeper/deployment.ts';
import { telling as tellingZooKeeper } from '../../zookeeper/errors.ts';
import { passwordFor } from '../login.ts';
import { MarathonClient } from './api/client.ts';
import { MarathonError, UnreachableError } from './api/errors.ts';
import { Operator } from './operator.ts';
import { Records } from './records.ts';
import { type MarathonSettings, settingsOf } from './settings.ts';
import { Znodes } from './znodes.ts';

/** How a cluster is worked on. */
export interface How {
  /** The secrets of the deployment's folder, by name. */
  readonly secret?: SecretOf;
  /** What somebody else's deployment changes is not waited for: that is given up. */
  readonly takeOver?: boolean;
  /** What stands between; nothing where it is not said. */
  readonly transport?: () => Promise<Transport>;
}

/** One deployment in what Mesos, Marathon and ZooKeeper hold. */
export interface Site {
  readonly deployment: string;
  readonly settings: MarathonSettings;
  readonly takeOver: boolean;
  readonly marathon: MarathonClient;
  readonly mesos: Operator;
  readonly znodes: Znodes;
  readonly records: Records;
  readonly transport: Transport;
  readonly signal: AbortSignal;
}

/** Milliseconds that Marathon and Mesos may be silent before they count as not to be reached. */
const patience = 15_000;

/** What an engine works on, reached when it is first asked for something. */
export class Cluster {
  readonly settings: MarathonSettings;
  readonly #how: How;
  readonly #sites = new Map<string, Promise<Site>>();
  readonly #signal = new AbortController().signal;
  #transport: Promise<Transport> | undefined;

  constructor(engine: DeploymentFile['engine'], how: How = {}) {
    this.settings = settingsOf(engine);
    this.#how = how;
  }

  /** Asks for something that concerns no deployment. Throws KLG-501, 502, 561, 562, 565. */
  any<T>(
    request: (marathon: MarathonClient, mesos: Operator, signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    return telling(async () => {
      const transport = await this.#reach();
      return request(clientOf(transport), new Operator(transport), this.#signal);
    });
  }

  /** Asks for something of a deployment. What goes wrong is told as a person is told it: KLG-120, 501, 502, 508, 560 to 562, 565. */
  ask<T>(deployment: string, request: (site: Site) => Promise<T>): Promise<T> {
    return telling(async () => request(await this.site(deployment)));
  }

  site(deployment: string): Promise<Site> {
    const there = this.#sites.get(deployment);
    if (there) return there;
    const made = this.#open(deployment);
    this.#sites.set(deployment, made);
    made.catch(() => this.#sites.delete(deployment));
    return made;
  }

  /** Those that were asked for until now. */
  readonly known = (): Promise<readonly Site[]> => Promise.all(this.#sites.values());

  async #open(deployment: string): Promise<Site> {
    const transport = await this.#reach();
    const { secret } = this.#how;
    const { client, key } = await openDeploymentIn(this.settings.zookeeper, deployment, secret);
    const znodes = new Znodes(client, deployment, key);
    return {
      deployment,
      settings: this.settings,
      takeOver: this.#how.takeOver ?? false,
      marathon: clientOf(transport),
      mesos: new Operator(transport),
      znodes,
      records: new Records(client, znodes, key),
      transport,
      signal: this.#signal,
    };
  }

  #reach(): Promise<Transport> {
    this.#transport ??= this.#how.transport?.() ?? this.#straight();
    return this.#transport;
  }

  async #straight(): Promise<Transport> {
    const { marathon, mesos, ca, user } = this.settings;
    const password = user !== null && (await passwordFor(user, 'Marathon and Mesos', this.#how.secret));
    return direct({
      marathon,
      mesos,
      ...(ca !== null && { ca }),
      ...(user !== null && password !== false && { credentials: { user, password } }),
    });
  }
}

function clientOf({ marathon, fetch, credentials }: Transport): MarathonClient {
  return new MarathonClient({
    servers: marathon,
    patience,
    fetch,
    ...(credentials && { credentials }),
  });
}

/** What a request gives; what goes wrong with it as a person is told it. */
export async function telling<T>(request: () => Promise<T>): Promise<T> {
  try {
    return await tellingZooKeeper(request);
  } catch (error) {
    throw told(error);
  }
}

export function told(error: unknown): unknown {
  if (error instanceof UnreachableError)
    return new KollageError({ code: 'KLG-501', message: error.message }, { cause: error });
  if (error instanceof MarathonError) {
    const isLogin = error.status === 401 || error.status === 403;
    const message = `Marathon: ${error.message}`;
    return new KollageError({ code: isLogin ? 'KLG-561' : 'KLG-502', message }, { cause: error });
  }
  if (error instanceof SchedulerError)
    return new KollageError({ code: 'KLG-561', message: error.message }, { cause: error });
  if (error instanceof z.ZodError)
    return new KollageError(
      {
        code: 'KLG-502',
        message: `Marathon or Mesos answers otherwise than they do: ${z.prettifyError(error)}`,
      },
      { cause: error },
    );
  return error;
}
