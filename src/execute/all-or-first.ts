/** All of them, or the first error; then `stop` tells the others to end, and they are waited for. */
export async function allOrFirst(jobs: readonly Promise<void>[], stop: AbortController): Promise<void> {
  let first: { error: unknown } | undefined;
  await Promise.all(
    jobs.map((job) =>
      job.catch((error: unknown) => {
        first ??= { error };
        stop.abort();
      }),
    ),
  );
  if (first) throw first.error;
}
