import { amount, type Offer } from './events.ts';

/** `[attribute, 'LIKE', expression]`: the agent's hostname, or an attribute of it, must match as a whole (Java's and our expressions agree on what we use). */
export type Where = readonly [attribute: string, operator: 'LIKE', expression: string];

/** What a task must have of an agent. Memory in MB. */
export interface Wanted {
  readonly cpus: number;
  readonly mem: number;
  readonly where: readonly Where[];
}

/** Why an agent cannot take it, in the operator's words; null when it can. */
export function misfit({ cpus, mem, where }: Wanted, offer: Offer): string | null {
  for (const [attribute, , expression] of where) {
    const is = attribute === 'hostname' ? offer.hostname : attributeOf(offer, attribute);
    if (is === undefined) return `has no attribute ${attribute}`;
    if (!new RegExp(`^(?:${expression})$`).test(is)) return `has ${attribute} ${is}, not ${expression}`;
  }
  const short = Object.entries({ cpus, mem }).find(([name, wanted]) => amount(offer, name) < wanted);
  return short ? `offers ${amount(offer, short[0])} of ${short[1]} ${short[0]}` : null;
}

function attributeOf({ attributes }: Offer, wanted: string): string | undefined {
  const found = attributes.find(({ name }) => name === wanted);
  return found?.text?.value ?? found?.scalar?.value.toString();
}

/** Why none of the agents that were seen takes it, each reason once with how many it holds for. */
export function misfits(wanted: Wanted, seen: ReadonlyMap<string, Offer>): string {
  if (seen.size === 0) return 'no agent has offered anything';
  const reasons = Map.groupBy([...seen.values()], (offer) => misfit(wanted, offer) ?? 'would do');
  return [...reasons]
    .map(([reason, offers]) => `${offers.length} of ${seen.size} agents: ${reason} (${offers[0]?.hostname})`)
    .join('; ');
}
