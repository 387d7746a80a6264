/** The label that everything of ours carries, with the deployment's name as its value. Nothing without it is ever touched. */
export const deploymentLabel = 'io.kollage.deployment';
/** `workload:ID` or `task:ID`. */
export const keyLabel = 'io.kollage.key';
export const fingerprintLabel = 'io.kollage.fingerprint';
/** What the start program was told. */
export const specLabel = 'io.kollage.spec';
/** The name that it was made with: somebody may give it another one. */
export const instanceLabel = 'io.kollage.instance';
/** What Docker was asked for (drift/made.ts). */
export const madeLabel = 'io.kollage.made';

/** `keystone/api` of `demo` is the container demo-keystone-api; a second instance gets a number. */
export function instanceName(deployment: string, id: string, number = 1): string {
  const name = `${deployment}-${id.replace(/[/@]/g, '-')}`;
  return number === 1 ? name : `${name}-${number}`;
}

export function volumeName(deployment: string, id: string): string {
  return `${deployment}-${id.replaceAll('/', '-')}`;
}
