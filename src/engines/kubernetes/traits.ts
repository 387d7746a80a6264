import type { EngineTraits } from '../../model/loaded.ts';

/** Every pod has its own address; an endpoint is a Service of its component's name. */
export const kubernetes: EngineTraits = {
  name: 'kubernetes',
  network: 'cluster',
  endpointHost: '{service}-{component}.{namespace}.svc',
  can: ['hostNetwork', 'hostPid', 'hostIpc', 'devices', 'sharedMounts', 'multinode', 'tmpfs'],
};
