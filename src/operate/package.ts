import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import { openDeployment, readDeploymentFile } from '../load/deployment.ts';
import { type Finding, KollageError } from '../model/error.ts';
import { accessFiles } from './access.ts';
import { appTemplate } from './package/app.ts';
import { archiveOf } from './package/archive.ts';
import { demandOf } from './package/demand.ts';
import { configJson, packageJson, repositoryJson, resourceJson } from './package/universe.ts';
import { prepare } from './prepare.ts';
import { type RenderedFile, writeRendered } from './render.ts';
import { renderMarathon } from './render-marathon.ts';

export interface PackageRequest {
  readonly folder: string;
  /** Where the package is written: a new folder, or an empty one. */
  readonly output: string;
  /** The image of Kollage that the package runs. */
  readonly image: string;
  readonly maintainer: string;
}

export interface Packaged {
  readonly name: string;
  readonly version: string;
  readonly files: readonly string[];
  readonly findings: readonly Finding[];
}

/**
 * Writes a deployment as a package of a DC/OS Universe. A package installs one app: here Kollage itself with the deployment folder in it, which brings the
 * deployment up and then watches over it. The same folder gives the same package. KLG-210 for a folder whose engine is not Mesos', KLG-113 for one
 * that cannot be packaged, KLG-901 for a maintainer or an image that a package cannot name, KLG-112 and KLG-903 for the output.
 */
export async function packageDeployment(request: PackageRequest): Promise<Packaged> {
  const { folder, output, image, maintainer } = request;
  for (const [what, text] of Object.entries({ maintainer, image })) refuseOdd(what, text);
  const { deployment, desired, findings } = await prepare(folder);
  const { type } = deployment.engine;
  if (type !== 'marathon' && type !== 'dcos')
    throw new KollageError({
      code: 'KLG-210',
      message: `a package is for DC/OS, and this deployment is for ${type}`,
      place: deployment.at(['engine']),
      next: 'Say `engine: dcos` in kollage.yaml, or `engine: marathon` with its address.',
    });
  refuseOutside(folder);
  const { group } = await renderMarathon({ folder, engine: type });
  const archive = await archiveOf(folder, new Set(accessFiles(desired).map(({ name }) => name)));
  const print = createHash('sha256').update(archive.tar).digest('hex').slice(0, 12);
  const release = deployment.release.replace(/[^-a-zA-Z0-9.]+/g, '-');
  const name = `kollage-${deployment.name}`;
  const version = release === '' ? print : `${release}-${print}`;
  const demand = demandOf(group, desired);
  const facts = { name, version, deployment: deployment.name, release, maintainer, image, demand };
  const parts = {
    about: packageJson(facts),
    config: configJson(facts),
    resource: resourceJson(facts),
    template: appTemplate({ title: `${name} ${version}`, archive: archive.text }),
  };
  const files = [
    file('package.json', asJson(parts.about)),
    file('config.json', asJson(parts.config)),
    file('resource.json', asJson(parts.resource)),
    file('marathon.json.mustache', parts.template),
    file('repository.json', asJson(repositoryJson(parts))),
  ];
  writeRendered(output, files);
  return { name, version, files: files.map(({ path }) => path), findings };
}

/** Universe takes files of ASCII alone, and Marathon no image with a space in it. */
function refuseOdd(what: string, text: string): void {
  const isRight = what === 'image' ? /^[!-~]+$/.test(text) && !/["\\{}]/.test(text) : /^[ -~]+$/.test(text);
  if (!isRight)
    throw new KollageError({
      code: 'KLG-901',
      message: `the ${what} of a package must be printable ASCII${what === 'image' ? ' without spaces, quotes and braces' : ''}`,
    });
}

/** A catalog of the operator's own travels along only where it lies in the folder. */
function refuseOutside(path: string): void {
  const folder = openDeployment(path);
  const { file } = readDeploymentFile(folder);
  for (const name of [file.value.catalog].flat()) {
    const whole = resolve(folder.path, name);
    if (!/[./]/.test(name) || whole === folder.path || whole.startsWith(`${folder.path}/`)) continue;
    throw new KollageError({
      code: 'KLG-113',
      message: `the catalog ${name} lies outside of the folder`,
      place: file.at(['catalog']),
      next: 'Put it into the folder.',
    });
  }
}

function asJson(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

function file(path: string, content: string): RenderedFile {
  return { path, target: path, content, mode: '0644' };
}
