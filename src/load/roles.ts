import type { Catalog, Located } from '../model/catalog.ts';
import type { DeploymentFile } from '../model/deployment.ts';
import type { Finding } from '../model/error.ts';
import { suggestion } from '../model/nearest.ts';

/** The roles that nodes can have: the catalog's, and the deployment's own, which are made of others. */
export class Roles {
  readonly names: ReadonlySet<string>;
  readonly #made: Readonly<Record<string, readonly string[]>>;

  constructor(catalog: Catalog, made: DeploymentFile['roles']) {
    const own = Object.keys(catalog.file.value.roles);
    // Components without a role run on controllers, so there is always that one.
    this.names = new Set([...own, ...(own.length === 0 ? rolesUsed(catalog) : []), ...Object.keys(made)]);
    this.#made = made;
  }

  /** KLG-105 for roles of kollage.yaml that are made of unknown ones. A circle of roles does no harm. */
  findings(file: Located<DeploymentFile>): Finding[] {
    return Object.entries(this.#made).flatMap(([name, parts]) =>
      parts.flatMap((part, index): Finding[] => {
        const message = this.mistake(part);
        const place = file.at(['roles', name, index]);
        return message === undefined ? [] : [{ code: 'KLG-105', severity: 'error', message, place }];
      }),
    );
  }

  /** What is wrong with a role's name; undefined when it is one. */
  mistake(role: string): string | undefined {
    return this.names.has(role) ? undefined : `there is no role ${role}${suggestion(role, this.names)}`;
  }

  /** The roles and all that they are made of, each once, sorted. */
  writtenOut(roles: readonly string[]): string[] {
    const found = new Set(roles);
    // A set gives what is added to it while it is walked.
    for (const role of found)
      for (const part of (Object.hasOwn(this.#made, role) ? this.#made[role] : undefined) ?? [])
        found.add(part);
    return [...found].sort();
  }
}

function rolesUsed(catalog: Catalog): string[] {
  const used = [...catalog.services.values()].flatMap(({ value }) => [
    value.role,
    ...Object.values(value.components).map(({ role }) => role),
    ...Object.values(value.tasks).map(({ role }) => role),
  ]);
  const plain = used.flatMap((role) => (role === undefined || role.includes('{') ? [] : role.split(',')));
  return ['controller', ...plain.map((role) => role.trim())];
}
