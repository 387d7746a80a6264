import { createColors } from 'picocolors';

export type Paint = ReturnType<typeof createColors>;

let wanted: boolean | undefined;

/** `--color` and `--no-color` decide for the whole run. */
export function setColour(on: boolean | undefined): void {
  wanted = on;
}

/** Colours for a stream: on a terminal, unless NO_COLOR is set (no-color.org) or the command line says otherwise. */
export function colours(stream: NodeJS.WriteStream): Paint {
  return createColors(
    wanted ?? (Boolean(stream.isTTY) && !process.env['NO_COLOR'] && process.env['TERM'] !== 'dumb'),
  );
}
