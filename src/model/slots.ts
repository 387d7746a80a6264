import type { ConfigBundle, Port, Probe, Workload } from './resource.ts';
import { fillTokens } from './token.ts';

/*
 * Slots: behind a balancer each instance listens on ports of its own, the nth on those of slot n. There is one slot more than instances where
 * an update is blue-green: the new instance comes up in the free one while the old one serves.
 */

type WithPorts = Pick<Workload, 'ports'>;

/** The numbers that instances of a workload may have, in order; empty where it stands behind no balancer. */
export function slotsOf({ ports }: WithPorts): number[] {
  return [...new Set(ports.flatMap(({ slot }) => (slot === undefined ? [] : [slot])))].sort((a, b) => a - b);
}

/**
 * The numbers that instances have where a new one can come up beside an old one of the same node: its slots, or where nothing has a port that
 * is known beforehand, one number more than instances. Empty where it cannot.
 */
export function numbersOf(workload: Pick<Workload, 'ports' | 'scale' | 'update'>): number[] {
  const { ports, scale, update } = workload;
  if (ports.length > 0 || update.strategy !== 'blue-green' || !('replicas' in scale))
    return slotsOf(workload);
  return Array.from({ length: scale.replicas + 1 }, (_, index) => index + 1);
}

/** The ports that one instance listens on. */
export function portsAt({ ports }: WithPorts, number: number): Port[] {
  return ports.filter(({ slot }) => slot === undefined || slot === number);
}

/** A probe that is aimed at the first slot, aimed at another instance. What has no port of its own there stays as it is. */
export function probeAt(probe: Probe, workload: WithPorts, number: number): Probe {
  if (!('port' in probe)) return probe;
  const first = workload.ports.find(({ slot, port }) => slot === 1 && port === probe.port);
  const own = first && portsAt(workload, number).find(({ endpoint }) => endpoint === first.endpoint);
  return own ? { ...probe, port: own.port } : probe;
}

/** A text with the tokens `@{instance.port:ENDPOINT}` filled in for one instance; a token that it has no port for stays. */
export function fillInstance(
  text: string,
  workload: WithPorts & { service: string },
  number: number,
): string {
  if (!text.includes('@{instance.')) return text;
  const own = new Map(portsAt(workload, number).map(({ endpoint, port }) => [endpoint, port]));
  return fillTokens(text, ({ kind, name }) => {
    if (kind !== 'instance' || !name.startsWith('port:')) return undefined;
    return own.get(`${workload.service}/${name.slice('port:'.length)}`)?.toString();
  });
}

/** A workload as one of its instances is: tokens filled in, its own ports, its health asked at them. Behind no balancer: as it is. */
export function atSlot(workload: Workload, number: number): Workload {
  if (slotsOf(workload).length === 0) return workload;
  const fill = (text: string) => fillInstance(text, workload, number);
  const { command, env, health } = workload;
  return {
    ...workload,
    command: command.map(fill),
    env: Object.fromEntries(Object.entries(env).map(([name, text]) => [name, fill(text)])),
    ports: portsAt(workload, number),
    health: health && { ...health, probe: probeAt(health.probe, workload, number) },
  };
}

/** The files of one instance. */
export function bundleAt(bundle: ConfigBundle, workload: Workload, number: number): ConfigBundle {
  const files = bundle.files.map((file) => ({
    ...file,
    content: fillInstance(file.content, workload, number),
  }));
  return { ...bundle, files };
}
