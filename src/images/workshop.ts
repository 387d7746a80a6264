import type Docker from 'dockerode';
import { KollageError } from '../model/error.ts';
import type { Suite } from '../model/recipe.ts';
import { create, discard, type Step } from './daemon.ts';
import type { Mirror } from './mirror.ts';
import { alive, buildPrefix, ownerLabel } from './owner.ts';

/** What all parts of one build share. */
export interface Workshop {
  readonly docker: Docker;
  readonly release: string;
  readonly suite: Suite;
  readonly mirror: Mirror;
  readonly containers: Containers;
  readonly signal: AbortSignal;
}

/** The containers of a build, so that none is left when it stops. */
export class Containers {
  readonly #docker: Docker;
  readonly #live = new Set<Docker.Container>();
  readonly #signal: AbortSignal;

  constructor(docker: Docker, signal: AbortSignal) {
    this.#docker = docker;
    this.#signal = signal;
  }

  /** @throws KollageError KLG-308 when the build is being stopped */
  async create(step: Step): Promise<Docker.Container> {
    this.#check();
    const container = await create(this.#docker, step);
    this.#live.add(container);
    if (this.#signal.aborted) await this.discard(container);
    this.#check();
    return container;
  }

  async discard(container: Docker.Container): Promise<void> {
    await discard(container);
    this.#live.delete(container);
  }

  /**
   * Removes what killed builds left: of this suite, whose only builder this process now is, the containers that images were being
   * made in; and helpers whose process is gone.
   */
  async sweep(suite: string): Promise<void> {
    const builds = { name: [`^/?${buildPrefix}${suite}-`] };
    const helpers = { label: [ownerLabel] };
    const [made, helping] = await Promise.all(
      [builds, helpers].map((filters) => this.#docker.listContainers({ all: true, filters })),
    );
    const dead = helping?.filter(({ Labels: labels }) => !alive(labels[ownerLabel] ?? '')) ?? [];
    for (const { Id: id } of [...(made ?? []), ...dead]) await discard(this.#docker.getContainer(id));
  }

  async discardAll(): Promise<void> {
    await Promise.all([...this.#live].map((container) => this.discard(container)));
  }

  #check(): void {
    if (this.#signal.aborted) throw interrupted();
  }
}

export function interrupted(): KollageError {
  return new KollageError({ code: 'KLG-308', message: 'The build was stopped' });
}

/** The volume that keeps a suite's package lists and packages between builds. */
export function cacheVolume(suite: Suite): string {
  return `kollage-packages-${suite.suite}`;
}
