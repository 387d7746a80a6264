import { z } from 'zod';
import { SchedulerError } from '../../mesos/errors.ts';
import type { DeploymentFile } from '../../model/deployment.ts';
import { KollageError } from '../../model/error.ts';
import { openDeploymentIn } from '../../zookeeper/deployment.ts';
import { telling as tellingZooKeeper } from '../../zookeeper/errors.ts';
import { MarathonClient } from './api/client.ts';
import { MarathonError, UnreachableError } from './api/errors.ts';
import { Operator } from './operator.ts';
import { Records } from './records.ts';
import { type MarathonSettings, passwordOf, settingsOf } from './settings.ts';
import { Znodes } from './znodes.ts';

/** How a cluster is worked on. */
export interface How {
  /** The secrets of the deployment's folder, by name. */
  readonly secret?: (name: string) => Promise<string | undefined>;
  /** What somebody else's deployment changes is not waited for: that is given up. */
  readonly takeOver?: boolean;
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
  readonly credentials: Credentials | undefined;
  readonly signal: AbortSignal;
}

interface Credentials {
  readonly user: string;
  readonly password: string;
}

/** Milliseconds that Marathon and Mesos may be silent before they count as not to be reached. */
const patience = 15_000;

/** What an engine works on, reached when it is first asked for something. */
export class Cluster {
  readonly settings: MarathonSettings;
  readonly #how: How;
  readonly #sites = new Map<string, Promise<Site>>();
  readonly #signal = new AbortController().signal;
  #credentials: Promise<Credentials | undefined> | undefined;

  constructor(engine: DeploymentFile['engine'], how: How = {}) {
    this.settings = settingsOf(engine);
    this.#how = how;
  }

  /** Asks for something that concerns no deployment. Throws KLG-501 and 502. */
  any<T>(
    request: (marathon: MarathonClient, mesos: Operator, signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    return telling(async () => {
      const credentials = await this.#login();
      return request(this.#marathon(credentials), this.#mesos(credentials), this.#signal);
    });
  }

  /** Asks for something of a deployment. What goes wrong is told as a person is told it: KLG-120, 501, 502, 508, 560. */
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
    const credentials = await this.#login();
    const { secret } = this.#how;
    const { client, key } = await openDeploymentIn(this.settings.zookeeper, deployment, secret);
    const znodes = new Znodes(client, deployment, key);
    return {
      deployment,
      settings: this.settings,
      takeOver: this.#how.takeOver ?? false,
      marathon: this.#marathon(credentials),
      mesos: this.#mesos(credentials),
      znodes,
      records: new Records(client, znodes, key),
      credentials,
      signal: this.#signal,
    };
  }

  #login(): Promise<Credentials | undefined> {
    this.#credentials ??= this.#read();
    return this.#credentials;
  }

  async #read(): Promise<Credentials | undefined> {
    const { user } = this.settings;
    if (user === null) return undefined;
    const password = await this.#how.secret?.(passwordOf);
    if (password !== undefined) return { user, password };
    throw new KollageError({
      code: 'KLG-120',
      message: `the secret ${passwordOf} is missing, the password of ${user} in Marathon and Mesos`,
    });
  }

  #marathon(credentials: Credentials | undefined): MarathonClient {
    return new MarathonClient({
      servers: this.settings.marathon,
      patience,
      ...(credentials && { credentials }),
    });
  }

  #mesos(credentials: Credentials | undefined): Operator {
    return new Operator({ masters: this.settings.mesos, ...(credentials && { credentials }) });
  }
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
