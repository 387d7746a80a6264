import { z } from 'zod';
import type { Drift } from '../../../model/plan.ts';
import { sizeText } from '../../../plan/reasons/fields.ts';

const number = z
  .number()
  .nullish()
  .transform((value) => (value !== null && value !== undefined && value > 0 ? value : null));
const text = z
  .string()
  .nullish()
  .transform((value) => value || null);

/** What `docker update` changes of a container. */
const updatable = z.object({
  MemoryReservation: number,
  CpuShares: number,
  Memory: number,
  NanoCpus: number,
  CpuQuota: number,
  CpusetCpus: text,
  CpusetMems: text,
  BlkioWeight: number,
  PidsLimit: number,
  RestartPolicy: z.object({ Name: z.string() }).nullish(),
});
type Updatable = z.infer<typeof updatable>;

/** Docker takes no reservation back from a container that runs; the smallest that it takes is as good as none. */
const leastReservation = 6 * 2 ** 20;
/** The part of the processors, where they are short, by how many wait for it one after the other; an ordinary container's is 1024. */
export const shareOf: readonly (number | null)[] = [null, 2048, 4096, 8192];
const ordinaryShare = 1024;

interface Limit {
  readonly name: string;
  /** In words; null where there is none. */
  readonly of: (found: Updatable) => string | null;
  /** Whether it can be put right while the container runs. */
  readonly live: boolean;
}

const limits: readonly Limit[] = [
  { name: 'memory', live: true, of: (found) => sizeOf(reservation(found)) },
  { name: 'share of the processors', live: true, of: (found) => textOf(shares(found)) },
  { name: 'restart policy', live: true, of: ({ RestartPolicy }) => RestartPolicy?.Name || null },
  { name: 'limit of memory', live: false, of: ({ Memory }) => sizeOf(Memory) },
  { name: 'limit of processors', live: false, of: ({ NanoCpus }) => textOf(NanoCpus && NanoCpus / 1e9) },
  { name: 'quota of processors', live: false, of: ({ CpuQuota }) => textOf(CpuQuota) },
  { name: 'processors', live: false, of: ({ CpusetCpus }) => CpusetCpus },
  { name: 'memory nodes', live: false, of: ({ CpusetMems }) => CpusetMems },
  { name: 'weight of its disk access', live: false, of: ({ BlkioWeight }) => textOf(BlkioWeight) },
  { name: 'limit of processes', live: false, of: ({ PidsLimit }) => textOf(PidsLimit) },
];

/** What somebody changed with `docker update`. Both as a HostConfig: what Docker tells, and what was asked for. */
export function limitDrift(found: unknown, asked: unknown): Drift[] {
  const [is, shall] = [updatable.parse(found), updatable.parse(asked)];
  // How many wait for it may change from one revision to the next, and concerns only its start.
  const isOurs = shall.CpuShares === null && shareOf.includes(is.CpuShares);
  return limits.flatMap(({ name, of, live }) => {
    const [now, then] = [of(isOurs ? { ...is, CpuShares: null } : is), of(shall)];
    if (now === then) return [];
    const remedy = live ? 'in-place' : 'replace';
    return [{ text: `${name} was changed by hand: ${now ?? 'none'} -> ${then ?? 'none'}`, remedy }];
  });
}

/** What is asked of Docker to put right what can be while a container runs; null where nothing is to be done. */
export function updateOf(found: unknown, asked: unknown): object | null {
  const [is, shall] = [updatable.parse(found), updatable.parse(asked)];
  if (limits.every(({ of, live }) => !live || of(is) === of(shall))) return null;
  return {
    MemoryReservation: shall.MemoryReservation ?? leastReservation,
    CpuShares: shall.CpuShares ?? ordinaryShare,
    ...(shall.RestartPolicy && { RestartPolicy: shall.RestartPolicy }),
  };
}

function reservation({ MemoryReservation: bytes }: Updatable): number | null {
  return bytes !== null && bytes > leastReservation ? bytes : null;
}

function shares({ CpuShares }: Updatable): number | null {
  return CpuShares === ordinaryShare ? null : CpuShares;
}

function sizeOf(bytes: number | null): string | null {
  return bytes === null ? null : sizeText(bytes);
}

function textOf(value: number | null): string | null {
  return value === null ? null : String(value);
}
