import { z } from 'zod';

/** What Marathon says of a request that it refused (apache/marathon, MarathonExceptionMapper.scala, Validation.scala). */
const refusal = z.looseObject({
  message: z.string().default(''),
  details: z
    .union([
      z.string(),
      z.array(z.looseObject({ path: z.string().default(''), errors: z.array(z.string()).default([]) })),
    ])
    .optional(),
  deployments: z.array(z.looseObject({ id: z.string() })).default([]),
});

/** Marathon refused a request. */
export class MarathonError extends Error {
  override readonly name = 'MarathonError';
  /** The HTTP status. */
  readonly status: number;
  /** The deployments that lock what was to be changed; none where that is not the cause. */
  readonly lockedBy: readonly string[];

  constructor(status: number, body: string) {
    const { message, details, deployments } = parsed(body);
    const more =
      typeof details === 'string'
        ? [details]
        : (details ?? []).map(({ path, errors }) => `${path}: ${errors.join(', ')}`);
    super([message || `HTTP ${status}`, ...more].join('; '));
    this.status = status;
    this.lockedBy = deployments.map(({ id }) => id);
  }
}

/** No Marathon that leads could be reached. */
export class UnreachableError extends Error {
  override readonly name = 'UnreachableError';
}

function parsed(body: string): z.infer<typeof refusal> {
  try {
    return refusal.parse(JSON.parse(body));
  } catch {
    // A proxy before it answers in words of its own.
    return { message: body.trim().slice(0, 300), deployments: [] };
  }
}
