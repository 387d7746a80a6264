import { X509Certificate } from 'node:crypto';
import type { Located } from '../model/catalog.ts';
import type { DeploymentFile } from '../model/deployment.ts';
import { KollageError } from '../model/error.ts';
import type { Folder } from './folder.ts';

/** kollage.yaml with the certificate that `engine.ca` names in place of the file's name. KLG-104 where there is none. */
export function withAuthority(folder: Folder, file: Located<DeploymentFile>): Located<DeploymentFile> {
  const { engine } = file.value;
  if (typeof engine === 'string' || engine.ca === undefined) return file;
  const ca = folder.read(engine.ca)?.text;
  if (ca !== undefined && isCertificate(ca))
    return { ...file, value: { ...file.value, engine: { ...engine, ca } } };
  const why = ca === undefined ? 'is not in the folder' : 'holds no certificate (PEM)';
  throw new KollageError({
    code: 'KLG-104',
    message: `engine.ca: ${engine.ca} ${why}`,
    place: file.at(['engine', 'ca']),
  });
}

function isCertificate(text: string): boolean {
  try {
    return new X509Certificate(text).subject !== undefined;
  } catch {
    return false;
  }
}
