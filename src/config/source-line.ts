import { type Finding, KollageError } from '../model/error.ts';
import type { Layer } from './yaml.ts';

/** A file as it was written, and what came of its templates. */
export interface RenderedLayer extends Layer {
  readonly source: string;
}

/**
 * What `work` gives; the places of its mistakes, which count the lines of rendered texts, are put back to the lines of the files
 * that a person can open. A line that does not stand in its file just once, as it is, was made by a template: then the finding
 * names the file alone, and tells the rendered line in words.
 */
export function atSource<T>(layers: readonly RenderedLayer[], work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof KollageError)) throw error;
    const back = (finding: Finding) => toSource(layers, finding);
    throw new KollageError(back(error.finding), { also: error.also.map(back), cause: error.cause });
  }
}

function toSource(layers: readonly RenderedLayer[], finding: Finding): Finding {
  const { place } = finding;
  const layer = layers.find(({ file }) => file === place?.file);
  if (place?.line === undefined || !layer || layer.source === layer.text) return finding;
  const wrong = linesOf(layer.text)[place.line - 1];
  const written = linesOf(layer.source);
  const line = written.indexOf(wrong ?? '');
  if (line >= 0 && written.lastIndexOf(wrong ?? '') === line && wrong?.trim() !== '')
    return { ...finding, place: { ...place, line: line + 1 } };
  return {
    ...finding,
    message: `${finding.message} (line ${place.line} of what its templates give)`,
    place: { file: place.file },
  };
}

function linesOf(text: string): string[] {
  return text.split(/\r\n|\r|\n/);
}
