import { stringify } from 'yaml';
import { fillSecrets } from '../config/fill.ts';
import { manifests, secretObjects, usedSecrets } from '../engines/kubernetes/render/manifests.ts';
import type { Manifest, RenderInput } from '../engines/kubernetes/render/scope.ts';
import { settingsOf } from '../engines/kubernetes/settings.ts';
import { startFiles } from '../engines/kubernetes/start-files.ts';
import { openDeployment } from '../load/deployment.ts';
import { readPasswords } from '../load/passwords.ts';
import type { Switched } from '../load/services-on.ts';
import type { EngineName } from '../model/deployment.ts';
import { type Finding, KollageError } from '../model/error.ts';
import { token } from '../model/token.ts';
import { prepare } from './prepare.ts';
import type { RenderedFile } from './render.ts';

/** What is asked for. */
export interface ManifestRequest {
  readonly folder: string;
  readonly services?: Switched | undefined;
  /** Whatever the folder says. */
  readonly engine: EngineName;
}

/** The objects of a deployment, as an engine keeps them. */
export interface Manifests {
  readonly deployment: string;
  readonly namespace: string;
  /** Each after what it refers to. */
  readonly objects: readonly Manifest[];
  /** The Secrets that they name, which are not among them. */
  readonly secrets: readonly { readonly object: string; readonly secret: string }[];
  readonly findings: readonly Finding[];
}

/** The native objects of a deployment. KLG-210 for an engine that has none. */
export async function renderManifests(request: ManifestRequest): Promise<Manifests> {
  const { input, findings } = await inputOf(request);
  const secrets = usedSecrets(input);
  const { deployment } = input.desired;
  return { deployment, namespace: input.settings.namespace, objects: manifests(input), secrets, findings };
}

/** The Secrets alone, with their values. KLG-120 for one that is missing. */
export async function renderSecrets(request: ManifestRequest): Promise<readonly Manifest[]> {
  const { input } = await inputOf(request);
  const { values } = await readPasswords(openDeployment(request.folder));
  const reveal = (name: string) => values.get(name)?.reveal();
  return secretObjects(input, (name) => fillSecrets(token('secret', name), reveal));
}

async function inputOf({ folder, services, engine }: ManifestRequest): Promise<{
  input: RenderInput;
  findings: readonly Finding[];
}> {
  const { deployment, desired, findings } = await prepare(folder, { services, engine });
  if (engine !== 'kubernetes')
    throw new KollageError({
      code: 'KLG-210',
      message: `the engine ${engine} keeps nothing that could be printed as objects of its own`,
    });
  const settings = settingsOf(deployment.name, deployment.engine);
  return { input: { desired, settings, start: startFiles() }, findings };
}

/** Objects as one stream of YAML documents. Lines are never folded, and nothing is an alias, so that a diff shows what differs. */
export function asYaml(objects: readonly Manifest[]): string {
  return objects
    .map((one) => `---\n${stringify(one, { lineWidth: 0, aliasDuplicateObjects: false })}`)
    .join('');
}

/** A base for Kustomize: each object in a file of its own, and the list of them. */
export function kustomizeBase({ objects, namespace }: Manifests): RenderedFile[] {
  const named = objects.map((one) => {
    const path = `${one.kind.toLowerCase()}/${one.metadata.name}.yaml`;
    return { path, target: path, content: asYaml([one]).slice('---\n'.length), mode: '0644' };
  });
  const kustomization = {
    apiVersion: 'kustomize.config.k8s.io/v1beta1',
    kind: 'Kustomization',
    namespace,
    resources: named.map(({ path }) => path),
  };
  const path = 'kustomization.yaml';
  return [
    ...named,
    { path, target: path, content: stringify(kustomization, { lineWidth: 0 }), mode: '0644' },
  ];
}
