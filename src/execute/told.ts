/** What a task tells in a line of its output: a step that is done, a fact by its name, or a file that it hands over. */
export type Told =
  | { readonly step: string }
  | { readonly fact: string; readonly value: string }
  | { readonly file: string; readonly content: Buffer }
  | { readonly line: string };

/**
 * Reads a line of a task's output: `kollage: step TEXT`, `kollage: fact NAME TEXT`, `kollage: file NAME BASE64`; any other line is one of its log. A file's name has no
 * folders, so that it can be written beside others.
 */
export function told(line: string): Told {
  const [, kind, rest = ''] = /^kollage: (step|fact|file) (.+)$/.exec(line) ?? [];
  if (kind === 'step') return { step: rest };
  const [, fact, value] = /^([a-z][a-z0-9-]{0,49}) (.+)$/.exec(kind === 'fact' ? rest : '') ?? [];
  if (fact !== undefined && value !== undefined) return { fact, value };
  const [, file, content] =
    /^(\w[\w.-]{0,99}) ([A-Za-z0-9+/]+={0,2})$/.exec(kind === 'file' ? rest : '') ?? [];
  if (file === undefined || content === undefined) return { line };
  return { file, content: Buffer.from(content, 'base64') };
}
