/**
 * The expression of a text that is exactly one `{{ expression }}`, else null. Brackets and quotes inside are followed, so
 * that `{{ {'a': {}} }}` is one and `{{ a }}{{ b }}` is none.
 */
export function wholeExpression(text: string): string | null {
  const trimmed = text.trim();
  if (!trimmed.startsWith('{{') || !trimmed.endsWith('}}')) return null;
  let depth = 0;
  let quote = '';
  for (let at = 2; at < trimmed.length; at += 1) {
    const char = trimmed.charAt(at);
    if (quote) {
      if (char === '\\') at += 1;
      else if (char === quote) quote = '';
    } else if (char === '"' || char === "'") quote = char;
    else if ('([{'.includes(char)) depth += 1;
    else if (depth === 0 && trimmed.startsWith('}}', at)) {
      return at === trimmed.length - 2
        ? trimmed
            .slice(2, at)
            .replace(/^[-+]|[-+]$/g, '')
            .trim() || null
        : null;
    } else if (')]}'.includes(char)) depth -= 1;
  }
  return null;
}

const words = new Set(
  'and or not in is if else elif for true false none True False None defined undefined loop self super range dict namespace set recursive endif endfor varargs kwargs caller'.split(
    ' ',
  ),
);

/** The variables that an expression names, each as its path: `a.b` and `a['b']` are [a, b]. Names of filters, tests and arguments are left out. */
export function namesIn(expression: string): string[][] {
  const found: string[][] = [];
  const path =
    /("(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')|(\|\s*|\bis\s+(?:not\s+)?|\.\s*)?\b([A-Za-z_]\w*)((?:\s*\.\s*[A-Za-z_]\w*|\[\s*(?:'\w+'|"\w+")\s*\])*)(\s*=(?!=))?/g;
  for (const [, quoted, before, root, rest = '', named] of expression.matchAll(path)) {
    if (
      quoted !== undefined ||
      before !== undefined ||
      named !== undefined ||
      root === undefined ||
      words.has(root)
    )
      continue;
    found.push([root, ...[...rest.matchAll(/\w+/g)].map(([name]) => name)]);
  }
  return found;
}

/** The names that a template gives to variables by itself: set, for, with, arguments of macros, imports. */
export function namesGivenIn(template: string): ReadonlySet<string> {
  const tags = /\{%[-+]?\s*(?:(?:macro|call|import|from)\b([^%]*)|(?:set|for|with)\b(.*?)(?:=|\bin\b|%\}))/g;
  const heads = [...template.matchAll(tags)].map(([, whole, before]) => whole ?? before ?? '');
  return new Set(heads.flatMap((head) => [...head.matchAll(/[A-Za-z_]\w*/g)].map(([name]) => name)));
}
