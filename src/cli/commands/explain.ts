import type { Command } from 'commander';
import { KollageError } from '../../model/error.ts';
import { type ErrorCode, errors } from '../../model/errors.ts';
import { suggestion } from '../../model/nearest.ts';
import { colours } from '../colour.ts';

/** `kollage explain KLG-110`: a page of docs/errors.md, where the operator is. */
export function register(program: Command): void {
  program
    .command('explain')
    .description('say what an error code means and what to do')
    .argument('<code>', 'such as KLG-110')
    .action((written: string) => {
      const code = written.toUpperCase();
      if (!isCode(code))
        throw new KollageError({
          code: 'KLG-901',
          message: `there is no code ${written}${suggestion(code, Object.keys(errors))}`,
        });
      const { title, cause, kept, next } = errors[code];
      const paint = colours(process.stdout);
      process.stdout.write(
        `${paint.bold(`${code} ${title}`)}\n${cause}\n${paint.dim('kept:')} ${kept}\n${paint.dim('next:')} ${next}\n`,
      );
    });
}

function isCode(text: string): text is ErrorCode {
  return text in errors;
}
