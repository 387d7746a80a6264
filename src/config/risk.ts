/*
 * Which templates need a clock. Steps are counted (engine.ts), so a template runs long only if its steps can be made costly: if
 * values can grow from step to step. Jinja carries values from one turn of a loop to the next by `namespace` alone, and down
 * a recursion by the arguments of a macro; else growth is bounded by how often the text itself puts things together.
 */

/** Work or size by a number, by a pattern, or by a value that is carried on. */
const risky =
  /\*|\brange\b|\bindent\b|\bbatch\b|\bslice\b|\bregex|\b(?:match|search)\b|\bnamespace\b|\bcaller\b|\bself\b|\bloop\s*\(|\brecursive\b|\{%[-+]?\s*(?:call|filter|block|extends)\b/;
/** Puts values together. */
const joining = /[~+]|\bjoin\b|\breplace\b|\{%[-+]?\s*set\s+\w+\s*[-+]?%\}/g;
/** 2 to the power of this is the most that a value can grow by `joining` without a clock. */
const mostJoins = 20;

const usesOthers = /\{%[-+]?\s*(?:include|import|from)\b/;
const macros = /\{%[-+]?\s*macro\s+(\w+)[\s\S]*?\{%[-+]?\s*endmacro\b/g;

/** Whether a text may run longer than its steps say. `library` tells it of the templates that it may use. */
export function mayRunLong(text: string, library: () => boolean = () => false): boolean {
  // Once by a small number is as good as ten times by two.
  const tags = tagsOf(text).replace(/\*\s*\d{1,3}\b/g, '~~~~~~~~~~');
  if (risky.test(tags) || (tags.match(joining)?.length ?? 0) > mostJoins || mayRecur(text)) return true;
  return usesOthers.test(tags) && library();
}

/** The tags alone; the whole text where a quote stands open in one, since then its end was not the end. */
function tagsOf(text: string): string {
  const tags = text.match(/\{\{[\s\S]*?\}\}|\{%[\s\S]*?%\}/g) ?? [];
  const isClear = tags.every(
    (tag) => (tag.match(/'/g)?.length ?? 0) % 2 === 0 && (tag.match(/"/g)?.length ?? 0) % 2 === 0,
  );
  return isClear ? tags.join('\n') : text;
}

/** Whether a macro may call itself, be it through another one: not so when each calls only those that stand above it. */
function mayRecur(text: string): boolean {
  const all = [...text.matchAll(macros)].map(([whole, name = '']) => ({
    name,
    body: tagsOf(whole).replace(/macro\s+\w+/, ''),
  }));
  if (all.length === 0) return false;
  const names = all.map(({ name }) => name);
  if (usesOthers.test(text) || new Set(names).size < names.length) return true;
  return all.some(({ body }, index) =>
    new RegExp(`\\b(?:${names.slice(index).join('|')})\\s*\\(`).test(body),
  );
}
