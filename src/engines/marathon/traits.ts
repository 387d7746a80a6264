import type { EngineTraits } from '../../model/loaded.ts';

/** Mesos-DNS turns an app's path round and joins it with `-`: /nova/api is api-nova.marathon.mesos. */
export const marathon: EngineTraits = {
  name: 'marathon',
  network: 'host',
  endpointHost: '{component}-{service}-{deployment}.marathon.mesos',
  instances: null,
  applies: 'workloads',
  users: 'names',
  can: ['hostNetwork', 'hostPid', 'hostIpc', 'devices', 'sharedMounts', 'multinode', 'tmpfs', 'registry'],
};
