/** The HTTP status that Docker refused with; undefined when it did not answer at all. */
export function statusOf(error: unknown): number | undefined {
  return error instanceof Error && 'statusCode' in error && typeof error.statusCode === 'number'
    ? error.statusCode
    : undefined;
}

/** What a request gives, or undefined where Docker refuses it with one of these statuses. */
export async function ignoring<T>(
  statuses: readonly number[],
  request: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await request();
  } catch (error) {
    const status = statusOf(error);
    if (status !== undefined && statuses.includes(status)) return undefined;
    throw error;
  }
}

/** What an error says, of whatever kind it is. */
export function text(error: unknown): string {
  return error instanceof Error ? error.message || error.name : String(error);
}
