import type { EngineTraits } from '../../model/loaded.ts';

/** Marathon behind DC/OS' admin router; names are Mesos-DNS' of its own Marathon. */
export const dcos: EngineTraits = {
  name: 'dcos',
  network: 'host',
  endpointHost: '{component}-{service}-{deployment}.marathon.mesos',
  instances: null,
  applies: 'workloads',
  users: 'names',
  can: ['hostNetwork', 'hostPid', 'hostIpc', 'devices', 'sharedMounts', 'multinode', 'tmpfs', 'registry'],
};
