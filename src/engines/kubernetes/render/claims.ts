import type {
  V1PersistentVolumeClaim,
  V1PersistentVolumeClaimSpec,
  V1PersistentVolumeSpec,
} from '@kubernetes/client-node';
import type { Process, Volume, Workload } from '../../../model/resource.ts';
import { parseSize } from '../../../model/size.ts';
import { annotation, label, objectName } from '../names.ts';
import type { Manifest, RenderScope } from './scope.ts';

export interface ClaimObject extends Manifest {
  readonly spec: V1PersistentVolumeClaimSpec;
}

export interface PersistentVolumeObject extends Manifest {
  readonly spec: V1PersistentVolumeSpec;
}

/** The claim of a volume that the deployment has but once. */
export function claimName({ id }: Pick<Volume, 'id'>): string {
  return objectName(id);
}

/** The folder of a volume on a node, for those that each node has of its own. */
export function nodeFolder({ desired, settings }: RenderScope, { id }: Pick<Volume, 'id'>): string {
  return `${settings.storage.nodePath}/${desired.deployment}/${objectName(id)}`;
}

/** The volumes of which each pod of a workload has its own. */
export function ownVolumes(scope: RenderScope, process: Pick<Process, 'mounts'>): Volume[] {
  return [...scope.volumes.values()].filter(({ id, each }) => each === 'instance' && mountedBy(process, id));
}

/** The workload whose pods each have such a volume. */
export function ownerOf(scope: RenderScope, { id }: Pick<Volume, 'id'>): Workload | undefined {
  return scope.workloads.find((workload) => mountedBy(workload, id));
}

/** The claim of the nth pod of a workload, from 0, on a volume of its own: the name that a StatefulSet gives it. */
function ownClaim(volume: Pick<Volume, 'id'>, { id }: Workload, number: number): string {
  return `${claimName(volume)}-${objectName(id)}-${number}`;
}

/** The claim that stands for a volume: of those that each pod has for itself the first one's, on which tasks work. */
export function claimFor(scope: RenderScope, volume: Volume): string {
  const owner = volume.each === 'instance' ? ownerOf(scope, volume) : undefined;
  return owner ? ownClaim(volume, owner, 0) : claimName(volume);
}

export function mountedBy(process: Pick<Process, 'mounts'>, id: string): boolean {
  return process.mounts.some(({ type, source }) => type === 'volume' && source === id);
}

/** Whether pods of several nodes may mount a volume at once: of a workload whose pods are several, if only while one takes the place of another. */
export function isShared(scope: RenderScope, { id }: Volume): boolean {
  return scope.workloads.some((workload) => mountedBy(workload, id) && !isStateful(scope, workload));
}

/** Whether a volume can be mounted on one node at a time only. */
export function isOfOneNode(scope: RenderScope, volume: Volume): boolean {
  return volume.each === 'deployment' && !(scope.settings.storage.shared !== null && isShared(scope, volume));
}

/**
 * Whether the pods of a workload are somebody: each has a volume of its own; or there must never be two at a time, because it alone writes a volume, and
 * stops before its successor starts.
 */
export function isStateful(scope: RenderScope, workload: Workload): boolean {
  if (!('replicas' in workload.scale)) return false;
  if (ownVolumes(scope, workload).length > 0) return true;
  if (workload.update.strategy !== 'recreate') return false;
  return workload.mounts.some(
    ({ type, source, readOnly }) =>
      type === 'volume' && !readOnly && scope.volumes.get(source)?.each === 'deployment',
  );
}

/** What keeps a volume: a claim on the storage class; in a lab a folder of one node, with the claim that is bound to it. */
export function claims(scope: RenderScope, volume: Volume): (ClaimObject | PersistentVolumeObject)[] {
  if (volume.each === 'node') return [];
  const { storage } = scope.settings;
  if (volume.each === 'instance') return storage.host === null ? [] : ownFolders(scope, volume, storage.host);
  const name = claimName(volume);
  const metadata = { ...scope.head(name), annotations: { [annotation.key]: `volume:${volume.id}` } };
  const claim = (more: Partial<V1PersistentVolumeClaimSpec> = {}): ClaimObject => ({
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata,
    spec: { ...claimSpec(scope, volume), ...more },
  });
  if (storage.host === null) return [claim()];
  const folder = folderOf(scope, volume, name, storage.host);
  return [folder, claim({ volumeName: folder.metadata.name })];
}

/** What makes the claims of the pods of a workload, each for a volume of its own. Kubernetes lets nobody change it, so no release stands in it. */
export function claimTemplates(scope: RenderScope, workload: Workload): V1PersistentVolumeClaim[] {
  return ownVolumes(scope, workload).map((volume) => ({
    metadata: {
      name: claimName(volume),
      labels: { ...scope.labels(), [label.volume]: objectName(volume.id) },
      annotations: { [annotation.key]: `volume:${volume.id}` },
    },
    spec: claimSpec(scope, volume),
  }));
}

/** What a claim of a volume asks for. */
export function claimSpec(scope: RenderScope, volume: Volume): V1PersistentVolumeClaimSpec {
  const { storage } = scope.settings;
  const shared = volume.each === 'deployment' && !isOfOneNode(scope, volume);
  const wanted = shared ? storage.shared : storage.class;
  const storageClassName = storage.host === null ? wanted : '';
  return {
    accessModes: [shared ? 'ReadWriteMany' : 'ReadWriteOnce'],
    resources: { requests: { storage: quantity(volume.size ?? storage.size) } },
    ...(storageClassName !== null && { storageClassName }),
  };
}

type Lab = NonNullable<RenderScope['settings']['storage']['host']>;

/** A folder for each pod, bound to the claim that its StatefulSet makes. */
function ownFolders(scope: RenderScope, volume: Volume, lab: Lab): PersistentVolumeObject[] {
  const owner = ownerOf(scope, volume);
  if (!owner || !('replicas' in owner.scale)) return [];
  return Array.from({ length: owner.scale.replicas }, (_, at) =>
    folderOf(scope, volume, ownClaim(volume, owner, at), lab),
  );
}

/** A folder of the lab's node as the volume of a claim. */
function folderOf(
  scope: RenderScope,
  volume: Volume,
  claim: string,
  { path, node }: Lab,
): PersistentVolumeObject {
  const { namespace } = scope.settings;
  const { labels = {} } = scope.head(claim);
  const { accessModes = [], resources } = claimSpec(scope, volume);
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: {
      name: objectName(`${namespace}/${claim}`),
      labels,
      annotations: { [annotation.key]: `volume:${volume.id}` },
    },
    spec: {
      accessModes,
      capacity: { ...resources?.requests },
      persistentVolumeReclaimPolicy: 'Retain',
      storageClassName: '',
      claimRef: { namespace, name: claim },
      hostPath: { path: `${path}/${scope.desired.deployment}/${claim}`, type: 'DirectoryOrCreate' },
      nodeAffinity: {
        required: {
          nodeSelectorTerms: [
            { matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: [node] }] },
          ],
        },
      },
    },
  };
}

/** The volumes that a process mounts and that the deployment has but once. */
export function claimedBy(scope: RenderScope, process: Pick<Process, 'mounts'>): Volume[] {
  return [...scope.volumes.values()].filter(
    (volume) => volume.each === 'deployment' && mountedBy(process, volume.id),
  );
}

const units = ['', 'Ki', 'Mi', 'Gi', 'Ti'];

/** Bytes, or a size such as 10G (powers of 1024), as Kubernetes writes a quantity. */
export function quantity(size: number | string): string {
  let number = parseSize(size) ?? 0;
  let unit = 0;
  while (number > 0 && number % 1024 === 0 && unit < units.length - 1) {
    number /= 1024;
    unit++;
  }
  return `${number}${units[unit]}`;
}
