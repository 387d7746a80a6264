import { enableCompileCache } from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fail } from './fail.ts';
import { version } from './version.ts';

// Compiled code is kept between runs: it halves the time to the first line of output.
enableCompileCache(join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'kollage', 'compiled'));

// A reader that goes away (`kollage render | head`) ends us quietly, as it does any other tool.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

const [first] = process.argv.slice(2);
if (first === '--version' || first === '-V') process.stdout.write(`${version()}\n`);
else {
  try {
    const { run } = await import('./program.ts');
    await run(process.argv);
  } catch (error) {
    fail(error);
  }
}
