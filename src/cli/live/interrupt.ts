/** 128 and the number of the signal, as shells report it. */
const codes: Readonly<Partial<Record<NodeJS.Signals, number>>> = { SIGINT: 130, SIGTERM: 143 };

/**
 * The first Ctrl-C (or SIGTERM) aborts the signal, and `first` is told; a second one ends the process at once with 130 (143). Disposing gives
 * both back their usual meaning.
 */
export function interruptible(first: () => void): { readonly signal: AbortSignal } & Disposable {
  const controller = new AbortController();
  const stop = (name: NodeJS.Signals) => {
    if (controller.signal.aborted) process.exit(codes[name] ?? 1);
    controller.abort();
    first();
  };
  process.on('SIGINT', stop).on('SIGTERM', stop);
  return {
    signal: controller.signal,
    [Symbol.dispose]: () => process.off('SIGINT', stop).off('SIGTERM', stop),
  };
}
