import { KollageError, type Place } from '../model/error.ts';
import type { Deployment, EngineTraits } from '../model/loaded.ts';
import { suggestion } from '../model/nearest.ts';
import type { Placement } from '../model/resource.ts';

/**
 * Finds the nodes of roles. A role may be a list, `compute,network`: the nodes that have one of them.
 * The arrays are shared between components, because with thousands of nodes they are the bulk of a desired state.
 */
export class Placements {
  readonly #deployment: Deployment;
  readonly #engine: Pick<EngineTraits, 'applies'>;
  readonly #byRole = new Map<string, Placement>();

  constructor(deployment: Deployment, engine: Pick<EngineTraits, 'applies'>) {
    this.#deployment = deployment;
    this.#engine = engine;
  }

  of(role: string): Placement {
    const known = this.#byRole.get(role);
    if (known) return known;
    const wanted = role.split(',').map((part) => part.trim());
    const nodes = this.#deployment.nodes
      .filter((node) => node.roles.some((has) => wanted.includes(has)))
      .map((node) => node.name);
    const placement: Placement = {
      role,
      nodes,
      ...(this.#engine.applies === 'workloads' && { by: 'engine' }),
    };
    this.#byRole.set(role, placement);
    return placement;
  }

  /** Whether there is more than one node, so that addresses must be each node's own. */
  get many(): boolean {
    return this.#deployment.nodes.length > 1;
  }
}

/** KLG-105 when a role is not one of the catalog's or the deployment's. */
export function checkRole(role: string, known: ReadonlySet<string>, place: Place): void {
  for (const part of role.split(',').map((text) => text.trim())) {
    if (known.has(part)) continue;
    throw new KollageError({
      code: 'KLG-105',
      message: `there is no role ${part}${suggestion(part, known)}`,
      place,
    });
  }
}
