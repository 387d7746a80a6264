import { type Compiled, compile } from '../compile/compile.ts';
import { engineTraits } from '../engines/traits.ts';
import { type Instead, loadDeployment } from '../load/deployment.ts';
import type { Catalog } from '../model/catalog.ts';
import { type Finding, legible } from '../model/error.ts';
import type { Deployment } from '../model/loaded.ts';
import type { Desired } from '../model/resource.ts';

export interface Prepared {
  readonly deployment: Deployment;
  readonly catalog: Catalog;
  readonly desired: Desired;
  readonly proofs: Compiled['proofs'];
  readonly findings: readonly Finding[];
}

/**
 * Reads a deployment folder and compiles it: where every operation begins. Touches nothing but the folder, reading.
 * Throws KollageError for a mistake in the folder (KLG-1xx) or the catalog (KLG-2xx). `instead` is taken in place of what the folder says.
 */
export async function prepare(folder: string, instead: Instead = {}): Promise<Prepared> {
  const { deployment, catalog, findings } = await loadDeployment(folder, instead);
  const compiled: Compiled = compile({ deployment, catalog, engine: engineTraits[deployment.engine.type] });
  return {
    deployment,
    catalog,
    desired: compiled.desired,
    proofs: compiled.proofs,
    findings: [...findings, ...compiled.findings].map(legible),
  };
}
