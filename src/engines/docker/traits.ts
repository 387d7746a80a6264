import type { EngineTraits } from '../../model/loaded.ts';

/** One host; containers share its network unless told otherwise (facts: host networking carried a whole OpenStack). */
export const docker: EngineTraits = {
  name: 'docker',
  network: 'host',
  endpointHost: null,
  instances: null,
  applies: 'instances',
  users: 'names',
  can: ['hostNetwork', 'hostPid', 'hostIpc', 'hostCgroup', 'devices', 'sharedMounts', 'tmpfs', 'toolVolumes'],
};
