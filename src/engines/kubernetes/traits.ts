import type { EngineTraits } from '../../model/loaded.ts';

/** Every pod has its own address; an endpoint is a Service of its component's name. */
export const kubernetes: EngineTraits = {
  name: 'kubernetes',
  network: 'cluster',
  endpointHost: '{service}-{component}.{namespace}.svc',
  instances: {
    name: '{service}-{component}-{number}',
    host: '{instance}.{service}-{component}-pods.{namespace}.svc',
  },
  applies: 'workloads',
  users: 'numbers',
  can: [
    'hostNetwork',
    'hostPid',
    'hostIpc',
    'devices',
    'sharedMounts',
    'multinode',
    'tmpfs',
    'instanceVolumes',
    'toolVolumes',
  ],
};
