import { readFileSync, writeFileSync } from 'node:fs';
import { errors } from '../src/model/errors.ts';

/*
 * Writes the pages of docs/ that are made from the source (with --write), or says that they are not up to date.
 */
const pages: Record<string, string> = { 'docs/errors.md': errorsPage() };

function errorsPage(): string {
  const rows = Object.entries(errors).map(
    ([code, info]) =>
      `## ${code} ${info.title}\n\n${info.cause}\n\n- **Kept:** ${info.kept}\n- **Next:** ${info.next}\n`,
  );
  const head =
    '# Errors and findings\n\n<!-- Written by `npm run docs` from src/model/errors.ts. -->\n\n' +
    'Every message of Kollage carries one of these codes. A code is never renamed.\n';
  return [head, ...rows].join('\n');
}

let stale = false;
for (const [path, text] of Object.entries(pages)) {
  if (process.argv.includes('--write')) writeFileSync(path, text);
  else if (read(path) !== text) {
    stale = true;
    process.stderr.write(`${path} is not up to date: run \`npm run docs\`\n`);
  }
}
process.exitCode = stale ? 1 : 0;

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
