import { openDeployment, readDeploymentFile } from '../load/deployment.ts';
import { engineFor } from './engine-of.ts';

/**
 * Takes away everything of a deployment, its data too unless it is to be kept; gives its name. Only what carries the deployment's label is
 * touched, and a deployment that is not there is gone already.
 */
export async function destroy(folder: string, keep: { readonly data: boolean }): Promise<string> {
  const { file } = readDeploymentFile(openDeployment(folder));
  const { name, engine } = file.value;
  await engineFor(engine, file.at(['engine'])).destroy(name, keep);
  return name;
}
