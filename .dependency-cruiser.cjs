// The rooms, from the one that imports nothing of ours to the faces. A room may import the rooms before it and itself.
const order = [
  'model',
  'config',
  'load',
  'compile',
  'plan',
  'kubernetes',
  'zookeeper',
  'mesos',
  'state',
  'docker',
  'images',
  'engines',
  'execute',
  'operate',
  'server',
  'cli',
];

const forbidden = order.map((room, place) => ({
  name: `${room}-imports-one-way`,
  comment: `src/${room} may import only: ${order.slice(0, place + 1).join(', ')}`,
  severity: 'error',
  from: { path: `^src/${room}/`, pathNot: '(\\.test|/testing)\\.ts$' },
  to: { path: `^src/(${order.slice(place + 1).join('|') || '$^'})/` },
}));

module.exports = {
  forbidden: [
    ...forbidden,
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    { name: 'no-missing', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'engines-are-apart',
      comment: 'An engine never imports another engine.',
      severity: 'error',
      from: { path: '^src/engines/([^/]+)/' },
      to: { path: '^src/engines/([^/]+)/', pathNot: '^src/engines/$1/' },
    },
    {
      name: 'the-middle-is-pure',
      comment:
        'Compiling and planning take data and give data: they may not touch files, processes or the network.',
      severity: 'error',
      from: { path: '^src/(model|compile|plan)/', pathNot: '\\.test\\.ts$' },
      to: { dependencyTypes: ['core'], pathNot: '^(node:)?crypto$' },
    },
    {
      name: 'no-dev-dependencies',
      severity: 'error',
      from: { path: '^src/', pathNot: '\\.test\\.ts$' },
      to: { dependencyTypes: ['npm-dev'] },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: {
      extensions: ['.ts', '.js', '.json'],
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default'],
    },
  },
};
