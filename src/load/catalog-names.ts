import type { Catalog } from '../model/catalog.ts';
import type { Service } from '../model/service.ts';

export type Kind = 'endpoint' | 'component' | 'task' | 'output' | 'volume' | 'config';

/** What the services of a catalog define, their traits' parts included: `service/name`, by kind. */
export class Names {
  readonly #names: Readonly<Record<Kind, Set<string>>> = {
    endpoint: new Set(),
    component: new Set(),
    task: new Set(),
    output: new Set(),
    volume: new Set(),
    config: new Set(),
  };

  constructor(catalog: Catalog) {
    for (const [name, { value }] of catalog.services) {
      this.#addService(name, value);
      for (const trait of Object.keys(value.traits)) {
        const body = catalog.traits.get(trait)?.value;
        if (body) this.#addBody(name, body);
      }
    }
  }

  has(kind: Kind, name: string): boolean {
    return this.#names[kind].has(name);
  }

  all(kind: Kind): Iterable<string> {
    return this.#names[kind];
  }

  #addService(name: string, service: Service): void {
    this.#addBody(name, service);
    for (const [component, { endpoints, outputs }] of Object.entries(service.components)) {
      this.#names.component.add(`${name}/${component}`);
      for (const endpoint of Object.keys(endpoints)) this.#names.endpoint.add(`${name}/${endpoint}`);
      for (const key of Object.keys(outputs)) this.#names.output.add(`${name}/${component}:${key}`);
    }
  }

  #addBody(name: string, body: Pick<Service, 'tasks' | 'volumes' | 'config'>): void {
    for (const [task, { outputs }] of Object.entries(body.tasks)) {
      this.#names.task.add(`${name}/${task}`);
      for (const key of Object.keys(outputs)) this.#names.output.add(`${name}/${task}:${key}`);
    }
    for (const volume of Object.keys(body.volumes)) this.#names.volume.add(`${name}/${volume}`);
    for (const file of Object.keys(body.config)) this.#names.config.add(`${name}/${file}`);
  }
}
