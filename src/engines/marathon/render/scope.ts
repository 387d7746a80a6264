import type { Desired, Task, Volume, Workload } from '../../../model/resource.ts';
import { Scope } from '../../scope.ts';
import type { MarathonSettings } from '../settings.ts';

/** What rendering is given. */
export interface RenderInput {
  readonly desired: Desired;
  readonly settings: MarathonSettings;
  /** The files of the start program. */
  readonly start: Readonly<Record<string, string>>;
  /** Where nodes have no names: the agent with the volumes of which there is one; null where it is not chosen. */
  readonly home?: string | null;
  /** Where nodes have no names: how many agents there are; null where that is not known. */
  readonly agents?: number | null;
}

/** What every app of one deployment is rendered with. */
export class RenderScope extends Scope {
  readonly settings: MarathonSettings;
  readonly start: RenderInput['start'];
  readonly home: string | null;
  readonly agents: number | null;

  constructor({ desired, settings, start, home = null, agents = null }: RenderInput) {
    super(desired);
    this.settings = settings;
    this.start = start;
    this.home = home;
    this.agents = agents;
  }

  /** How many instances a workload has. */
  instances({ scale, placement }: Workload): number {
    return 'replicas' in scale ? scale.replicas : Math.max(1, placement.nodes.length);
  }

  /** The volumes that a process uses and that lie on one agent: those of the deployment, and of the one instance that has one of its own. */
  tied(process: Workload | Task): readonly Volume[] {
    if (this.settings.driver !== null) return [];
    return process.mounts.flatMap((mount) => {
      const volume = mount.type === 'volume' ? this.volumes.get(mount.source) : undefined;
      return volume === undefined || volume.each === 'node' ? [] : [volume];
    });
  }
}
