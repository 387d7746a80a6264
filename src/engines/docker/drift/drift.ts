import type Docker from 'dockerode';
import { unfillSecrets } from '../../../config/unfill.ts';
import { ignoring } from '../../../docker/errors.ts';
import { KollageError } from '../../../model/error.ts';
import type { Drift } from '../../../model/plan.ts';
import { type ConfigBundle, keyOf, type Resource, type Workload } from '../../../model/resource.ts';
import { atSlot, bundleAt } from '../../../model/slots.ts';
import { hiddenValue } from '../../../plan/reasons/by-hand.ts';
import { fieldReasons } from '../../../plan/reasons/fields.ts';
import type { Applied } from '../../engine.ts';
import { numberOf } from '../../number.ts';
import { ask } from '../ask.ts';
import { containerOptions } from '../container.ts';
import type { Folders } from '../folders.ts';
import { instanceName, madeLabel } from '../names.ts';
import { fileDrift } from './files.ts';
import { rootOf } from './inside.ts';
import { limitDrift } from './limits.ts';
import { madeOf, printOf, withoutImage } from './made.ts';

/** An instance that runs, as it was listed. */
export interface Listed {
  readonly id: string;
  readonly name: string;
  readonly workload: string;
  readonly fingerprint: string;
}

/**
 * What somebody changed of instances that were made as a revision says: of their containers, and of their files. Only for those with the
 * revision's fingerprint: what was made from another one is judged by that.
 */
export class DriftFinder {
  readonly #docker: Docker;
  readonly #folders: Folders;
  readonly #applied: Applied;
  readonly #resources: ReadonlyMap<string, Resource>;
  readonly #unfill: (text: string) => string;

  constructor(docker: Docker, folders: Folders, applied: Applied) {
    this.#docker = docker;
    this.#folders = folders;
    this.#applied = applied;
    const { resources } = applied.desired;
    this.#resources = new Map(resources.map((resource) => [keyOf(resource), resource]));
    const secrets = resources.flatMap(({ kind, id }) => (kind === 'secret' ? [id] : []));
    this.#unfill = unfillSecrets(secrets, applied.secret);
  }

  async of({ id, name, workload: of, fingerprint }: Listed): Promise<readonly Drift[]> {
    const { desired } = this.#applied;
    const workload = this.#resources.get(`workload:${of}`);
    if (workload?.kind !== 'workload' || workload.fingerprint !== fingerprint) return [];
    const info = await ask(() => ignoring([404], () => this.#docker.getContainer(id).inspect()));
    if (!info?.State.Running) return [];
    const number = numberOf({ instanceName }, desired.deployment, workload, name);
    const bundle = this.#resources.get(`config:${workload.config}`);
    const own = bundle?.kind === 'config' ? bundleAt(bundle, workload, number) : null;
    return [
      ...(await this.#containerDrift(info, name, atSlot(workload, number), own)),
      ...this.#fileDrift(info, name, workload, own),
    ];
  }

  async #containerDrift(
    { Config, HostConfig, Image }: Docker.ContainerInspectInfo,
    name: string,
    workload: Workload,
    bundle: ConfigBundle | null,
  ): Promise<Drift[]> {
    const { deployment } = this.#applied.desired;
    const { home } = this.#folders;
    const folders = this.#folders.places(name, bundle);
    const asked = containerOptions(deployment, workload, bundle, name, folders, '', 0);
    const limits = limitDrift(HostConfig, asked.HostConfig);
    const made = madeOf(asked, home);
    // Another version of Kollage may ask for another container, which is no reason to take this one away.
    if (Config.Labels[madeLabel] !== printOf(made)) return limits;
    const image = await imageConfig(this.#docker, Image);
    if (!image) return limits;
    const found = withoutImage(madeOf({ ...Config, HostConfig }, home), image, made);
    return [
      ...limits,
      ...fieldReasons(found, made, () => true).map(({ where, before, after }): Drift => {
        const [is, shall] = [before, after].map((text) =>
          text === undefined ? 'none' : hiddenValue(where, text, this.#unfill),
        );
        return { text: `${where} was changed by hand: ${is} -> ${shall}`, remedy: 'replace' };
      }),
    ];
  }

  #fileDrift(
    { Id, State }: Docker.ContainerInspectInfo,
    name: string,
    { start }: Workload,
    bundle: ConfigBundle | null,
  ): Drift[] {
    if (!bundle) return [];
    try {
      return fileDrift({
        start,
        wanted: this.#folders.noted(name, bundle, this.#applied.secret),
        folder: this.#folders.configFolder(name),
        root: rootOf(State.Pid, Id),
        startedAt: Date.parse(State.StartedAt),
        unfill: this.#unfill,
      });
    } catch (error) {
      // What cannot be filled in any more, for a secret or an interface that is gone, cannot be compared.
      if (error instanceof KollageError) return [];
      throw error;
    }
  }
}

/** Of images by their ids, behind which nothing ever changes: what each brings along by itself. */
const brought = new Map<string, Docker.ImageInspectInfo['Config']>();

async function imageConfig(
  docker: Docker,
  id: string,
): Promise<Docker.ImageInspectInfo['Config'] | undefined> {
  const known = brought.get(id);
  if (known) return known;
  const image = await ask(() => ignoring([404], () => docker.getImage(id).inspect()));
  if (image) brought.set(id, image.Config);
  return image?.Config;
}
