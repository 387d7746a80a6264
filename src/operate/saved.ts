import { readFileSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import { hash } from '../compile/fingerprint.ts';
import { KollageError, messageOf } from '../model/error.ts';
import type { Observed } from '../model/plan.ts';
import type { Desired } from '../model/resource.ts';

const format = 'kollage-state/1';

/** Nothing but our own `save` writes these files: a state is whole exactly when its fingerprint is that of its content. */
const desired = z.custom<Desired>((value) => {
  if (typeof value !== 'object' || value === null || !('fingerprint' in value)) return false;
  const { fingerprint, ...state } = value;
  return fingerprint === hash(state);
}, 'is not whole: its fingerprint does not fit its content');

const savedFile = z.object({ format: z.literal(format), desired });

/** Writes a desired state to a file (0600: it holds no secrets, but says much about a platform). KLG-903. */
export function save(file: string, state: Desired): void {
  try {
    writeFileSync(file, `${JSON.stringify({ format, desired: state }, null, 1)}\n`, { mode: 0o600 });
  } catch (error) {
    throw new KollageError({ code: 'KLG-903', message: `${file}: ${messageOf(error)}` }, { cause: error });
  }
}

/** Reads what `save` wrote. KLG-408 for anything else. */
export function readSaved(file: string): Desired {
  return read(file, savedFile).desired;
}

const listener = z.object({
  port: z.int(),
  protocol: z.enum(['tcp', 'udp']),
  address: z.string(),
  process: z.string().exactOptional(),
});

const drift = z.object({
  text: z.string(),
  diff: z.string().exactOptional(),
  remedy: z.union([z.enum(['in-place', 'replace']), z.object({ file: z.string() })]),
});

const observed = z.strictObject({
  instances: z
    .array(
      z.object({
        workload: z.string(),
        name: z.string().exactOptional(),
        node: z.string(),
        fingerprint: z.string(),
        state: z.enum(['running', 'starting', 'unhealthy', 'stopped', 'missing']),
        image: z.string().exactOptional(),
        drift: z.array(drift).exactOptional(),
      }),
    )
    .exactOptional(),
  volumes: z.array(z.string()).exactOptional(),
  tasks: z.array(z.object({ id: z.string(), fingerprint: z.string() })).exactOptional(),
  nodes: z
    .array(
      z.object({
        name: z.string(),
        memory: z.number().exactOptional(),
        cpus: z.number().exactOptional(),
        listeners: z.array(listener).exactOptional(),
        capabilities: z.array(z.string()).exactOptional(),
        devices: z.array(z.string()).exactOptional(),
        images: z.array(z.string()).exactOptional(),
        imageIds: z.record(z.string(), z.string()).exactOptional(),
      }),
    )
    .exactOptional(),
  images: z.array(z.string()).exactOptional(),
});

/** Reads what is there from a file, in the shape of `Observed`. KLG-408 for anything else. */
export function readObserved(file: string): Observed {
  return read(file, observed);
}

function read<T>(file: string, schema: z.ZodType<T>): T {
  try {
    return schema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (error) {
    const message = error instanceof z.ZodError ? z.prettifyError(error).split('\n')[0] : messageOf(error);
    throw new KollageError(
      { code: 'KLG-408', message: `${file}: ${message}`, place: { file } },
      { cause: error },
    );
  }
}
