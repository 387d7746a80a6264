import type { Pulling } from '../../operate/pull.ts';

/** Tells of an image that is pulled: a line for people, or one of JSON. */
export function tellPulling(json: boolean): (pulling: Pulling) => void {
  return (pulling) => {
    const { image, seconds } = pulling;
    const what = seconds === null ? 'pulling' : `pulled in ${seconds.toFixed(1)} s:`;
    const line = json ? JSON.stringify({ at: Date.now(), type: 'pulling', ...pulling }) : `${what} ${image}`;
    process.stdout.write(`${line}\n`);
  };
}
