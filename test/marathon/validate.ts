import { type AppDefinition, type GroupDefinition, groupSchema } from './schema.ts';

/** One thing that Marathon refuses, where in the app, and in its words. */
export interface Violation {
  readonly path: string;
  readonly error: string;
}

/** What Marathon refuses of a group: what its types do not have, then what breaks its rules. Empty when it takes it. */
export function groupViolations(group: unknown): Violation[] {
  const read = groupSchema.safeParse(group);
  if (!read.success)
    return read.error.issues.map(({ path, message }) => ({ path: `/${path.join('/')}`, error: message }));
  return [...inGroup(read.data, '/'), ...sharedVolumes(read.data)];
}

/** The same volume may only be one app's, across the cluster (DVDIProvider.scala: rootGroup). */
function sharedVolumes(group: GroupDefinition): Violation[] {
  const names = appsOf(group).flatMap(({ id, container }) =>
    (container?.volumes ?? []).flatMap((volume) =>
      'external' in volume && !volume.external.shared ? [{ id, name: volume.external.name }] : [],
    ),
  );
  const byName = Map.groupBy(names, ({ name }) => name);
  return [...byName].flatMap(([name, users]) =>
    users.length < 2
      ? []
      : users.map(({ id }) => ({
          path: id,
          error: `Volume name '${name}' in ${id} conflicts with volume(s) of same name in app(s): ${users
            .filter((one) => one.id !== id)
            .map((one) => one.id)
            .join(', ')}`,
        })),
  );
}

/** All apps of a group and of those below it. */
export function appsOf({ apps = [], groups = [] }: GroupDefinition): readonly AppDefinition[] {
  return [...apps, ...groups.flatMap(appsOf)];
}

function inGroup({ id, apps = [], groups = [] }: GroupDefinition, parent: string): Violation[] {
  const nested = [...apps, ...groups].flatMap((one) =>
    isBelow(one.id, id) ? [] : [{ path: `/${one.id}/id`, error: `Identifier is not child of '${id}'` }],
  );
  const twice = apps.map((one) => one.id).filter((one, at, all) => all.indexOf(one) !== at);
  return [
    ...(isBelow(id, parent) ? [] : [{ path: '/id', error: `Identifier is not child of '${parent}'` }]),
    ...nested,
    ...twice.map((one) => ({ path: '/apps', error: `App id ${one} is not unique` })),
    ...apps.flatMap((app) =>
      appViolations(app).map(({ path, error }) => ({ path: `${app.id}${path}`, error })),
    ),
    ...groups.flatMap((one) => inGroup(one, id)),
  ];
}

function isBelow(id: string, parent: string): boolean {
  return id.startsWith(parent === '/' ? '/' : `${parent}/`);
}

type Rule = (app: AppDefinition) => readonly Violation[];

/** What Marathon refuses of an app whose fields are right: its rules, in its words (AppValidation.scala, SchedulingValidation.scala, NetworkValidation.scala). */
export function appViolations(app: AppDefinition): Violation[] {
  return rules.flatMap((rule) => rule(app));
}

function unless(isSo: boolean, path: string, error: string): Violation[] {
  return isSo ? [] : [{ path, error }];
}

function uniqueOf<T>(values: readonly (T | undefined)[]): boolean {
  const there = values.filter((value) => value !== undefined);
  return new Set(there).size === there.length;
}

const marathonProtocols = new Set(['HTTP', 'HTTPS', 'TCP']);

const rules: readonly Rule[] = [
  ({ cmd, args = [], container }) =>
    unless(
      (cmd !== undefined) !== args.length > 0 ||
        (!(cmd !== undefined && args.length > 0) && container !== undefined),
      '/',
      "AppDefinition must either contain one of 'cmd' or 'args', and/or a 'container'.",
    ),
  ({ networks = [], container }) =>
    unless(
      !(networks.some(({ mode }) => mode === 'host') && (container?.portMappings ?? []).length > 0),
      '/',
      'portMappings are not allowed with host-networking',
    ),
  ({ networks = [], portDefinitions = [] }) =>
    unless(
      !(networks.some(({ mode = 'container' }) => mode !== 'host') && portDefinitions.length > 0),
      '/',
      'portDefinitions are only allowed with host-networking',
    ),
  ({ networks = [] }) => {
    const modes = networks.map(({ mode = 'container' }) => mode);
    const names = networks.flatMap(({ name }) => (name === undefined ? [] : [name]));
    const labelled = networks.filter(({ mode }) => mode === 'host');
    return [
      ...unless(
        labelled.every(({ name, labels = {} }) => !name && Object.keys(labels).length === 0),
        '/networks',
        'Host networks may not have names or labels',
      ),
      ...unless(
        networks.every(({ name, mode }) => mode !== 'container/bridge' || !name),
        '/networks',
        'Bridge networks may not have names',
      ),
      ...unless(uniqueOf(names), '/networks', 'Duplicate networks are not allowed'),
      ...unless(
        new Set(modes).size <= 1 && (modes.length <= 1 || modes[0] === 'container'),
        '/networks',
        'May specify a single host network, single bridge network, or else 1-to-n container networks',
      ),
    ];
  },
  ({ portDefinitions = [] }) => [
    ...unless(
      uniqueOf(portDefinitions.map(({ name }) => name)),
      '/portDefinitions',
      'Port names must be unique.',
    ),
    ...unless(
      uniqueOf(portDefinitions.map(({ port = 0 }) => port || undefined)),
      '/portDefinitions',
      'Ports must be unique.',
    ),
  ],
  ({ healthChecks = [], portDefinitions = [], container }) => {
    const ports = (container?.portMappings ?? []).length || portDefinitions.length;
    return healthChecks.flatMap(({ command, protocol = 'HTTP', portIndex, port }, at) =>
      unless(
        command !== undefined ||
          !marathonProtocols.has(protocol) ||
          (portIndex === undefined ? port !== undefined || ports === 1 : portIndex < ports),
        `/healthChecks(${at})`,
        'Health check port indices must address an element of the ports array or container port mappings.',
      ),
    );
  },
  ({ healthChecks = [] }) =>
    unless(
      healthChecks.filter(({ command, protocol = '' }) => !command && /^(COMMAND|MESOS_)/.test(protocol))
        .length <= 1,
      '/',
      'AppDefinition can contain at most one Mesos health check',
    ),
  ({ constraints = [] }) =>
    constraints.flatMap((constraint, at) =>
      constraintErrors(constraint).map((error) => ({ path: `/constraints(${at})`, error })),
    ),
  ({ readinessChecks = [], portDefinitions = [] }) => [
    ...unless(
      readinessChecks.length <= 1,
      '/readinessChecks',
      `got ${readinessChecks.length}, expected 1 or less`,
    ),
    ...readinessChecks.flatMap(({ portName = 'http-api' }) =>
      unless(
        portDefinitions.some(({ name }) => name === portName),
        '/readinessChecks(0)/portName',
        `No port definition reference for portName ${portName}`,
      ),
    ),
  ],
  ({ container, upgradeStrategy, unreachableStrategy }) => {
    const isResident = (container?.volumes ?? []).some((volume) => 'persistent' in volume);
    return isResident
      ? [
          ...unless(
            (upgradeStrategy?.maximumOverCapacity ?? 0) === 0,
            '/upgradeStrategy/maximumOverCapacity',
            'got 1.0, expected 0.0',
          ),
          ...unless(
            (unreachableStrategy ?? 'disabled') === 'disabled',
            '/',
            'unreachableStrategy must be disabled for resident tasks',
          ),
        ]
      : [];
  },
  ({ unreachableStrategy }) => {
    if (unreachableStrategy === undefined || unreachableStrategy === 'disabled') return [];
    const { inactiveAfterSeconds = 0, expungeAfterSeconds = 0 } = unreachableStrategy;
    return unless(
      inactiveAfterSeconds <= expungeAfterSeconds,
      '/unreachableStrategy/inactiveAfterSeconds',
      `got ${inactiveAfterSeconds}, expected ${expungeAfterSeconds} or less`,
    );
  },
  ({ container }) => {
    const names = (container?.volumes ?? []).map((volume) =>
      'external' in volume ? volume.external.name : undefined,
    );
    return unless(uniqueOf(names), '/container/volumes', 'Volume names must be unique');
  },
  ({ id, instances = 1, container, upgradeStrategy }) => {
    // DVDIProvider.scala: Docker's volume drivers.
    const external = (container?.volumes ?? []).flatMap((volume) =>
      'external' in volume ? [volume.external] : [],
    );
    if (external.length === 0) return [];
    return [
      ...unless(
        instances <= 1,
        '/',
        `Number of instances is limited to 1 when declaring DVDI volumes in app [${id}]`,
      ),
      ...unless(
        (upgradeStrategy?.maximumOverCapacity ?? 0) === 0,
        '/upgradeStrategy/maximumOverCapacity',
        'got 1.0, expected 0.0',
      ),
      ...external.flatMap(({ options = {}, size, provider }) => [
        ...unless(provider !== undefined, '/container/volumes/external/provider', 'not defined'),
        ...unless(
          Object.keys(options).every((key) => key === 'dvdi/driver'),
          '/container/volumes/external/options',
          'must only contain "dvdi/driver"',
        ),
        ...unless(
          size === undefined,
          '/container/volumes/external/size',
          'must be undefined for Docker containers',
        ),
      ]),
    ];
  },
];

const operators = new Set(['UNIQUE', 'CLUSTER', 'GROUP_BY', 'LIKE', 'UNLIKE', 'MAX_PER', 'IS']);

function constraintErrors([field = '', operator = '', value]: readonly string[]): string[] {
  if (field === '') return ['missing field for constraint declaration'];
  const named = operator.toUpperCase();
  if (!operators.has(named))
    return ['operator must be one of the following UNIQUE, CLUSTER, GROUP_BY, LIKE, MAX_PER, UNLIKE or IS'];
  const isNumber = value !== undefined && /^[+-]?\d+$/.test(value);
  if (named === 'UNIQUE' && value !== undefined) return ['UNIQUE does not accept a value'];
  if (named === 'GROUP_BY' && value !== undefined && !isNumber)
    return ['GROUP BY must define an integer value or else no value at all'];
  if (named === 'MAX_PER' && !isNumber) return ['MAX_PER requires an integer value'];
  if (named === 'LIKE' || named === 'UNLIKE') {
    if (value === undefined) return ['LIKE and UNLIKE require a non-empty, regular expression value'];
    try {
      new RegExp(value);
    } catch {
      return ['is not a valid regular expression'];
    }
  }
  return [];
}
