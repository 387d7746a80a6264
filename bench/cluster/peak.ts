import { writeFileSync } from 'node:fs';

/** Loaded before a program: says how many megabytes it took at most, in the file that KOLLAGE_PEAK names. */
process.on('exit', () => {
  const file = process.env['KOLLAGE_PEAK'];
  if (file) writeFileSync(file, String(process.resourceUsage().maxRSS / 1024));
});
