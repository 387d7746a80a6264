import { statSync } from 'node:fs';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';
import { openDeployment } from '../../load/deployment.ts';
import { passwordsFile, readPasswords } from '../../load/passwords.ts';
import { KollageError } from '../../model/error.ts';

/**
 * Characters that it may have. It travels in one variable of an app, and Linux starts nothing with a longer one than 128 KiB
 * (MAX_ARG_STRLEN).
 */
const most = 120 * 1024;

/** A secret shorter than this may be in a file by chance. */
const telling = 8;

/** A deployment folder to be carried somewhere else. */
export interface Archive {
  /** A tar file, as it was before it was made smaller: the same folder gives the same bytes. */
  readonly tar: Buffer;
  /** The same, through gzip, in base64. */
  readonly text: string;
}

/**
 * All of a deployment folder but what is hidden (`.kollage`, `.git`) and `left`. No secret is in it in clear text: throws KLG-113 where one would
 * be, and for a folder that is too large; KLG-106 to KLG-108 for files that cannot be read.
 */
export async function archiveOf(path: string, left: ReadonlySet<string>): Promise<Archive> {
  const folder = openDeployment(path);
  const { values, encrypted } = await readPasswords(folder);
  if (values.size > 0 && !encrypted)
    throw new KollageError({
      code: 'KLG-113',
      message: `${folder.name(passwordsFile)} holds secrets in clear text, and everybody who sees the package could read them`,
      next: 'Encrypt it with `kollage secrets --encrypt`.',
    });
  const secrets = [...values].filter(([, value]) => value.reveal().length >= telling);
  const tar = pack();
  const bytes = buffer(tar);
  const { files, folders } = folder.entries();
  const names = [...files, ...folders.flatMap((one) => folder.list(one))];
  for (const name of names.filter((name) => !left.has(name))) {
    const text = folder.read(name)?.text ?? '';
    const shown = secrets.find(([, value]) => text.includes(value.reveal()));
    if (shown)
      throw new KollageError({
        code: 'KLG-113',
        message: `${folder.name(name)} holds the secret ${shown[0]} in clear text`,
        next: 'Take the file out of the folder, or let the template name the secret.',
      });
    const mode = (statSync(join(folder.path, name)).mode & 0o100) === 0 ? 0o644 : 0o755;
    tar.entry({ name, mode, mtime: new Date(0) }, text);
  }
  tar.finalize();
  const whole = await bytes;
  const text = gzipSync(whole, { level: 9 }).toString('base64');
  if (text.length > most)
    throw new KollageError({
      code: 'KLG-113',
      message: `${folder.name('')} is too large for a package: ${Math.ceil(text.length / 1024)} KiB when compressed, of at most ${most / 1024}`,
      next: 'Move what no deployment reads out of the folder, or make its catalog part of the image that the package runs.',
    });
  return { tar: whole, text };
}
