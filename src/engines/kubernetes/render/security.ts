import type { V1PodSecurityContext, V1SecurityContext } from '@kubernetes/client-node';
import type { Process } from '../../../model/resource.ts';
import type { RenderScope } from './scope.ts';

/**
 * What the container contract of Kolla takes: kolla_start copies files to their places and gives them their owners with sudo. A plain image that
 * begins as root does the same by itself. These are of those that Docker gives to every container.
 */
const contract = [
  'AUDIT_WRITE',
  'CHOWN',
  'DAC_OVERRIDE',
  'FOWNER',
  'KILL',
  'NET_BIND_SERVICE',
  'SETGID',
  'SETUID',
];

export function podSecurity(scope: RenderScope, process: Process): V1PodSecurityContext {
  const { unconfined } = process.privileges;
  const account = scope.account(process);
  return {
    ...(account !== null && { runAsUser: account, runAsGroup: account, runAsNonRoot: account !== 0 }),
    // Nobody gives a volume to the user of a plain image; in one of Kolla's that is done at the start.
    ...(process.start === 'plain' &&
      account !== null &&
      account !== 0 && { fsGroup: account, fsGroupChangePolicy: 'OnRootMismatch' }),
    seccompProfile: { type: unconfined.includes('seccomp') ? 'Unconfined' : 'RuntimeDefault' },
    ...(unconfined.includes('apparmor') && { appArmorProfile: { type: 'Unconfined' } }),
  };
}

/**
 * What Kubernetes gives only to privileged containers: devices (unless a plug-in hands them out), mounts that pass on what is mounted below
 * them, and an open /proc (`procMount: Unmasked` wants a user namespace, which none of these can have).
 */
export function isPrivileged({ privileges, mounts }: Process): boolean {
  return (
    privileges.devices.length > 0 ||
    privileges.deviceCgroupRules.length > 0 ||
    privileges.unconfined.includes('systempaths') ||
    mounts.some(({ shared }) => shared)
  );
}

export function containerSecurity(scope: RenderScope, process: Process): V1SecurityContext {
  if (isPrivileged(process)) return { privileged: true };
  const account = scope.account(process);
  const isOrdinary = process.start === 'plain' && account !== null && account !== 0;
  const add = new Set([...(isOrdinary ? [] : contract), ...process.privileges.capabilities]);
  return {
    allowPrivilegeEscalation: !isOrdinary || add.size > 0,
    capabilities: { drop: ['ALL'], ...(add.size > 0 && { add: [...add].sort() }) },
  };
}

/** The start program before the process: it reads, asks, and writes into its own volume. */
export const initSecurity: V1SecurityContext = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ['ALL'] },
};
