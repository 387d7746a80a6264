import { createHash } from 'node:crypto';
import type { Marathon } from '../marathon/service/marathon.ts';
import type { Agent } from './agents.ts';
import type { Lookup, Target } from './dns.ts';

interface Entry {
  readonly name: string;
  readonly kind: 'A' | 'SRV';
  readonly target: Target;
}

/**
 * The names that Mesos-DNS makes (mesosphere/mesos-dns, docs/docs/naming.md, records/generator.go), at once and not once a minute: of each task that runs, well or
 * not, `APP.marathon.mesos`, one for it alone, and those of its ports; of the masters. Agents' hostnames are known here too.
 */
export function mesosNames(marathon: Marathon, agents: readonly Agent[], gateway: string): Lookup {
  return (name, kind) => {
    const agent = agents.find(({ hostname }) => hostname === name);
    if (agent) return [{ address: agent.address }];
    if (!name.endsWith('.mesos')) return null;
    if (/^(leader|master|marathon)\.mesos$/.test(name)) return [{ address: gateway }];
    return entries(marathon)
      .filter((one) => one.name === name && one.kind === kind)
      .map(({ target }) => target);
  };
}

/** generator.go: taskRecords, taskContextRecord. Marathon gives DiscoveryInfo of all ports (mesosphere/marathon, mesos/TaskBuilder.scala: computeDiscoveryInfo). */
function entries({ tracker }: Marathon): Entry[] {
  return tracker.all.flatMap(({ condition, app, task }): Entry[] => {
    if (condition !== 'Running' || task === null || !task.agent.reachable) return [];
    const label = labelOf(app.id);
    const { address } = task.agent;
    const hash = createHash('sha1').update(task.id).digest('hex').slice(0, 5);
    const canonical = `${label}-${hash}-${task.agent.id.split('-').at(-1)?.toLowerCase()}`;
    const hosts = ['marathon.mesos', 'marathon.slave.mesos'].flatMap((domain) =>
      [label, canonical].map((one): Entry => ({ name: `${one}.${domain}`, kind: 'A', target: { address } })),
    );
    const services = app.portDefinitions.flatMap(({ name, protocol = 'tcp' }, at) =>
      protocol.split(',').flatMap((one) => {
        const target = { address, host: `${canonical}.marathon.mesos`, port: task.ports[at] };
        const plain = `_${label}._${one}.marathon.mesos`;
        const names = name === undefined ? [plain] : [plain, `_${name}.${plain}`];
        return names.map((service): Entry => ({ name: service, kind: 'SRV', target }));
      }),
    );
    return [...hosts, ...services];
  });
}

/** `/a/b` is `b-a`: the task's name is the path turned round (state/PathId.scala: toHostname), and points are none in a label (mesos-dns, records/labels: RFC1123). */
export function labelOf(id: string): string {
  const name = id.split('/').filter(Boolean).toReversed().join('-');
  return name.replaceAll(/[._]/g, '-').slice(0, 63).replace(/-+$/, '');
}
