import type { Desired, Process, Task, Workload } from '../../../model/resource.ts';
import { Scope } from '../../scope.ts';
import { annotation, label, objectName, only } from '../names.ts';
import type { KubernetesSettings } from '../settings.ts';

/** What rendering is given. */
export interface RenderInput {
  readonly desired: Desired;
  readonly settings: KubernetesSettings;
  /** The files of the start program. */
  readonly start: Readonly<Record<string, string>>;
  /** Secrets of which a former value is used too, where that is another, each with the name of the object that has it. */
  readonly formers?: ReadonlyMap<string, string>;
}

/** An object of Kubernetes' API as it goes over the wire; each place that makes one says what else it holds. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: { [key: string]: string };
    readonly annotations?: { [key: string]: string };
  };
}

type Labels = { [key: string]: string };

/** What every object of one deployment is rendered with. */
export class RenderScope extends Scope {
  readonly settings: KubernetesSettings;
  readonly start: RenderInput['start'];
  readonly formers: ReadonlyMap<string, string>;

  constructor({ desired, settings, start, formers = new Map() }: RenderInput) {
    super(desired);
    this.settings = settings;
    this.start = start;
    this.formers = formers;
  }

  /** The head of an object that belongs to the deployment as a whole, or to a workload or task. */
  head(name: string, of?: Workload | Task): Manifest['metadata'] {
    const { namespace } = this.settings;
    return {
      name,
      namespace,
      labels: { ...this.labels(of), [label.version]: this.desired.release },
      ...(of && { annotations: { [annotation.key]: `${of.kind}:${of.id}` } }),
    };
  }

  /** The labels that Kubernetes recommends (kubernetes.io/docs/concepts/overview/working-with-objects/common-labels), and ours. */
  labels(of?: Workload | Task): Labels {
    const { deployment } = this.desired;
    return {
      [label.managedBy]: 'kollage',
      [label.deployment]: deployment,
      [label.partOf]: deployment,
      ...(of && {
        [label.service]: of.service,
        [label.instance]: deployment,
        [label.component]: of.kind === 'workload' ? of.component : (of.id.split('/')[1] ?? of.id),
      }),
      ...(of?.kind === 'workload' && { [label.workload]: objectName(of.id) }),
      ...(of?.kind === 'task' && { [label.task]: objectName(of.id) }),
    };
  }

  /** What selects the pods of a workload. */
  selector({ id }: Workload): Labels {
    return { [label.deployment]: this.desired.deployment, [label.workload]: objectName(id) };
  }

  /** Who runs with the rights of which ServiceAccount, inside what starts the process. */
  serviceAccount(process: Workload | Task): string {
    return process.kind === 'task' && Object.keys(process.outputs).length > 0 ? only.publisher : only.reader;
  }

  /** The number of the user that a process runs as; null where the image decides. */
  account({ user }: Pick<Process, 'user'>): number | null {
    if (user === null) return null;
    if (/^\d+$/.test(user)) return Number(user);
    return user === 'root' ? 0 : (this.desired.accounts?.[user] ?? null);
  }
}
