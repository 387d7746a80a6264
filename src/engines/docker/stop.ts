import { setTimeout as pause } from 'node:timers/promises';
import type Docker from 'dockerode';
import { ignoring } from '../../docker/errors.ts';
import type { Workload } from '../../model/resource.ts';
import { ask } from './ask.ts';

/** What a container that runs is told otherwise than what it was made with. */
export type Stop = Pick<Workload['stop'], 'signal' | 'grace'>;

/** Stops a container as it was made to be, or as `told` since; then kills it. Nothing when it does not run, or is not there. */
export async function stopContainer(
  docker: Docker,
  there: Docker.ContainerInspectInfo,
  told: Stop | undefined,
): Promise<void> {
  const container = docker.getContainer(there.Id);
  const gone = <T>(request: () => Promise<T>) => ask(() => ignoring([304, 404, 409], request));
  if (!told) {
    await ask(() => ignoring([304, 404], () => container.stop()));
    return;
  }
  const image = await gone(() => docker.getImage(there.Image).inspect());
  const signal = signalName(told.signal ?? signalOf(image?.Config) ?? 'TERM');
  let left = Math.ceil(told.grace);
  if (signal !== signalName(signalOf(there.Config) ?? 'TERM')) {
    // Docker itself stops it by the signal that it was made with, and starts again what ends by another.
    await gone(() => container.update({ RestartPolicy: { Name: 'no' } }));
    const ended = gone(() => container.wait({ condition: 'not-running' }));
    await gone(() => container.kill({ signal }));
    const stop = new AbortController();
    await Promise.race([ended, pause(left * 1000, undefined, { signal: stop.signal, ref: false })]);
    stop.abort();
    left = 0;
  }
  await ask(() => ignoring([304, 404], () => container.stop({ t: left })));
}

function signalOf(config: object | undefined): string | undefined {
  return config && 'StopSignal' in config && typeof config.StopSignal === 'string' && config.StopSignal
    ? config.StopSignal
    : undefined;
}

function signalName(signal: string): string {
  return `SIG${signal.replace(/^SIG/, '')}`;
}
