import { updatePolicy } from './deployment.ts';
import { z } from './zod.ts';

/*
 * Service definitions: catalog/<catalog>/<service>/service.yaml. They are data. Any string may be a Jinja2 template; a string that is
 * one whole `{{ expression }}` keeps the expression's own type. docs/reference/service.md explains every key and what templates see.
 */

/** Names inside a catalog: services, components, tasks, endpoints, volumes. */
export const id = z
  .string()
  .regex(/^[a-z][a-z0-9]*([-_][a-z0-9]+)*$/, 'must be lower-case words joined by - or _');
/** `service/thing`, or `thing` for one of the same service. */
const reference = z.string().regex(/^[a-z0-9_-]+(\/[a-z0-9_-]+)?$/, 'must be NAME or SERVICE/NAME');
const template = z.string();
const number = z.union([z.number(), template]);
/** An expression (or true/false) that decides whether the thing it stands in exists. */
const when = z.union([z.boolean(), z.string()]);
const words = z.union([template, z.array(template).min(1)]);

/** A setting that an operator may change. `globals` are the keys of kolla-ansible's globals.yml that set it. */
export const option = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('string'),
    ...optionBase(),
    default: z.string().nullable(),
    pattern: z.string().optional(),
  }),
  z.strictObject({
    type: z.literal('boolean'),
    ...optionBase(),
    default: z.union([z.boolean(), z.string()]),
  }),
  z.strictObject({
    type: z.literal('integer'),
    ...optionBase(),
    default: z.union([z.int(), z.string()]).nullable(),
    min: z.int().optional(),
    max: z.int().optional(),
  }),
  z.strictObject({
    type: z.literal('number'),
    ...optionBase(),
    default: z.union([z.number(), z.string()]).nullable(),
    min: z.number().optional(),
    max: z.number().optional(),
  }),
  z.strictObject({
    type: z.literal('enum'),
    ...optionBase(),
    values: z.array(z.string()).min(2),
    default: z.string(),
  }),
  z.strictObject({
    type: z.literal('list'),
    ...optionBase(),
    default: z.union([z.array(z.unknown()), z.string()]),
  }),
  z.strictObject({ type: z.literal('map'), ...optionBase(), default: z.record(z.string(), z.unknown()) }),
]);

function optionBase() {
  return { doc: z.string(), globals: z.array(z.string()).default([]) };
}

/** How a missing secret is made. `password`: letters and digits. */
export const secretSpec = z.strictObject({
  generate: z.enum(['password', 'uuid', 'hex', 'fernet-key', 'ssh-key', 'rsa-key']).default('password'),
  /** Characters, for password and hex. */
  length: z.int().min(8).max(256).default(40),
  doc: z.string().optional(),
  /** What users notice while another value takes its place; nothing when not given. */
  noticed: z.string().optional(),
  /** Why it cannot be made anew: what was made with it would be lost. */
  fixed: z.string().optional(),
});

/** What a changed input does to the process that reads it. */
export const onChange = z.enum(['nothing', 'reload', 'restart', 'replace']);

/** A file without folders: `kollage render` and the engines write it where they hold a bundle. */
const fileName = z.string().regex(/^[\w@+-][\w.@+-]{0,199}$/, 'must be the name of a file, without folders');

/** A configuration file. Its overrides (kolla-ansible's rules) follow from its name, see docs/reference/service.md. */
export const configFile = z.strictObject({
  when: when.optional(),
  /** Path of the template, relative to the service's config/ folder; the file's own name + .j2 when not given. */
  template: z.string().optional(),
  /** Where the file goes inside the container. */
  path: template,
  /** `main`: an oslo.config INI file of the whole service, which takes global.conf, <service>.conf and <service>/<component>.conf. */
  format: z.enum(['ini', 'yaml', 'json', 'text']).default('text'),
  main: z.boolean().default(false),
  /** There only when an operator's override brings it. */
  optional: z.boolean().default(false),
  owner: template.optional(),
  mode: z
    .string()
    .regex(/^0[0-7]{3}$/)
    .default('0600'),
  onChange: onChange.default('restart'),
  /** Its process may write it anew: what is in the container is its own affair. */
  rewritten: z.boolean().default(false),
});

const probe = z.union([
  z.strictObject({
    http: z.strictObject({
      endpoint: reference,
      path: template.default('/'),
      status: z.array(z.int()).default([200]),
      /** A regular expression that the body must match. */
      body: z.string().optional(),
    }),
  }),
  z.strictObject({ tcp: z.strictObject({ endpoint: reference }) }),
  z.strictObject({ mysql: z.strictObject({ endpoint: reference }) }),
  z.strictObject({ amqp: z.strictObject({ endpoint: reference }) }),
  z.strictObject({ memcached: z.strictObject({ endpoint: reference }) }),
  /** A unix socket that accepts, or a path that exists: can be needed only on the same node. */
  z.strictObject({ socket: z.strictObject({ path: template }) }),
  z.strictObject({ file: z.strictObject({ path: template }) }),
  /** Exit status 0 inside the container; nothing else can wait for it. */
  z.strictObject({ command: words }),
]);

export const health = z.intersection(
  probe,
  z.strictObject({
    /** Seconds. */
    interval: z.number().positive().optional(),
    timeout: z.number().positive().optional(),
    grace: z.number().positive().optional(),
    /** It may take longer than its grace to be well, as one that copies data from others: nothing ends it for that while it takes connections. */
    patient: z.boolean().default(false),
  }),
);

/** A question to an API. `path` may hold names in braces: `{node}`, and what the login gives. */
const request = {
  endpoint: reference,
  path: template.default('/'),
  status: z.array(z.int()).default([200]),
};
/** A Jinja expression over an answer: sees `body` (JSON decoded), `status` and `headers` (names in lower case); a ready check's also `node` and `since`. */
const expression = z.string();

/** How Kollage logs in to ask the platform about itself. */
export const login = z.strictObject({
  doc: z.string().optional(),
  http: z.strictObject({
    ...request,
    method: z.enum(['GET', 'POST']).default('POST'),
    /** Sent as JSON. */
    body: z.unknown().optional(),
  }),
  gives: z.record(id, expression).default({}),
  /** What is sent with each question; may hold the names of `gives` in braces. */
  headers: z.record(z.string(), z.string()).default({}),
});

/** What the platform itself must say of a component before that counts as healthy. */
export const ready = z.strictObject({
  when: when.optional(),
  http: z.strictObject({ ...request, method: z.enum(['GET', 'HEAD']).default('GET'), login: id.optional() }),
  that: expression.optional(),
  /** What is said while `that` does not hold; may hold names in braces. */
  else: template.optional(),
});

/** What must hold before the process starts. */
export const need = z.union([
  z.strictObject({ endpoint: reference, on: z.enum(['any', 'node']).default('any'), when: when.optional() }),
  z.strictObject({ component: reference, on: z.enum(['any', 'node']).default('any'), when: when.optional() }),
  z.strictObject({ task: reference, when: when.optional() }),
  z.strictObject({ output: reference, key: z.string(), when: when.optional() }),
]);

export const mount = z.strictObject({
  when: when.optional(),
  /** One of: a volume of this or another service, a path of the host, a tmpfs. */
  volume: reference.optional(),
  host: template.optional(),
  tmpfs: z.boolean().optional(),
  path: template,
  readOnly: z.boolean().default(false),
  /** Mounts made on one side are seen on the other (network namespaces). */
  shared: z.boolean().default(false),
});

/** Named rights beyond an ordinary container's; `all` only when an operator says so in an option. */
export const privileges = z.strictObject({
  capabilities: z.array(z.string()).default([]),
  devices: z.array(template).default([]),
  /** Share the host's namespace. */
  hostNetwork: z.boolean().default(false),
  hostPid: z.boolean().default(false),
  hostIpc: z.boolean().default(false),
  hostCgroup: z.boolean().default(false),
  /** Switch off the named confinements. */
  unconfined: z.array(z.enum(['seccomp', 'apparmor', 'systempaths'])).default([]),
  deviceCgroupRules: z.array(z.string()).default([]),
});

export const endpoint = z.strictObject({
  when: when.optional(),
  port: number,
  protocol: z.enum(['tcp', 'udp']).default('tcp'),
  scheme: template.default('tcp'),
  /** What follows host and port in the URL. */
  path: template.default(''),
  /** public: users reach it; internal: only the platform; node: only the same node; peers: only the other instances of its component. */
  exposure: z.enum(['public', 'internal', 'node', 'peers']).default('internal'),
  /** Whether it stands behind the balancer, where the deployment has one: several instances may then answer on one node. */
  balanced: z.boolean().default(false),
});

/** What makes a component the balancer. The nth instance behind it listens on the endpoint's port + offset + (n - 1) * step. */
export const balances = z.strictObject({
  offset: number,
  step: number,
  /** Commands in the balancer, to which endpoint, node and slot are added: each ends when it is so. */
  join: words,
  leave: words,
  /** Run in it where instances are registered, when they have come or gone and its file says so; without it what `reload` says. */
  follow: words.optional(),
});

/** What components and tasks have in common. */
const process = {
  when: when.optional(),
  title: z.string().optional(),
  image: template.optional(),
  /** kolla: the image keeps Kolla's container contract; plain: the command is run as it is, files are mounted at their paths. */
  start: z.enum(['kolla', 'plain']).optional(),
  command: words.optional(),
  env: z.record(z.string(), template).default({}),
  /** The user inside the container; the image's own when not given. */
  user: template.optional(),
  /** Names from the service's `config`. */
  config: z.array(z.string()).default([]),
  mounts: z.array(mount).default([]),
  /** Owners that paths inside the container get before the process starts (kolla's `permissions`). */
  permissions: z
    .array(
      z.strictObject({
        path: template,
        owner: template,
        mode: z.string().optional(),
        recurse: z.boolean().default(false),
      }),
    )
    .default([]),
  needs: z.array(need).default([]),
  privileges: privileges.prefault({}),
  resources: z
    .strictObject({ memory: z.union([z.int(), z.string()]).optional(), cpus: number.optional() })
    .prefault({}),
  role: template.optional(),
};

export const component = z.strictObject({
  ...process,
  endpoints: z.record(id, endpoint).default({}),
  health: health.optional(),
  /** What is otherwise where each instance has a volume and a name of its own, so that they can be members of a cluster. */
  members: z.strictObject({ command: words.optional(), health: health.optional() }).optional(),
  ready: z.array(ready).default([]),
  /** A number of instances, or one on each node of the role. */
  scale: z
    .union([z.strictObject({ replicas: number }), z.strictObject({ each: z.literal('node') })])
    .default({ replicas: 1 }),
  update: updatePolicy.prefault({}),
  stop: z
    .strictObject({
      signal: z.string().optional(),
      command: words.optional(),
      /** Seconds; ten are too few for what imports and talks much, where the processors are short. */
      grace: z.number().positive().default(30),
    })
    .prefault({}),
  /** The signal or command by which it reads its files again (`onChange: reload`). */
  reload: z.strictObject({ signal: z.string().optional(), command: words.optional() }).optional(),
  /** What takes away, inside the running container, what it made on its node; run when the deployment is destroyed. */
  cleanup: words.optional(),
  /** Names to the files that its process writes before it is healthy. */
  outputs: z.record(z.string(), z.string()).default({}),
  balances: balances.optional(),
});

/**
 * When a task runs. bootstrap: makes what is missing and mends what differs; expand: before the new version runs; migrate: while it does;
 * contract: when the old one is gone. Those that a plan does not run by itself: save: keeps the data of its service, before a task that changes
 * it; restore: brings it back when the change failed; verify: proves the platform as its users would; check: says before an upgrade, with the new
 * release's programs, whether what runs may be upgraded. What an operator asks for, of a service that keeps data: backup: copies it while it serves;
 * stage: makes a backup's data ready beside what is there; recover: the same from what is left of data that does not serve any more; switch: puts
 * what is ready in the place of what is there; discard: takes away what was kept for going back. rotate: makes keys anew that a service keeps itself.
 */
export const taskPhase = z.enum([
  'bootstrap',
  'expand',
  'migrate',
  'contract',
  'save',
  'restore',
  'verify',
  'check',
  'backup',
  'stage',
  'recover',
  'switch',
  'discard',
  'rotate',
]);

export const task = z.strictObject({
  ...process,
  phase: taskPhase.default('bootstrap'),
  /** Services whose data it changes; its own when not given, and for `bootstrap` none. */
  changes: z.array(id).optional(),
  /** Seconds. */
  timeout: z.number().positive().default(300),
  retries: z.int().min(0).default(0),
  /** What makes it another task, to be run again. */
  rerun: z
    .array(z.enum(['image', 'command', 'config', 'secrets', 'env']))
    .default(['image', 'command', 'config', 'secrets', 'env']),
  /** The command that takes it back where it was new with a change. */
  undo: words.optional(),
  /** Once for the deployment, or once on each node of the role. */
  each: z.enum(['deployment', 'node']).default('deployment'),
  outputs: z.record(z.string(), z.string()).default({}),
  /** There is nothing to do where a task that it needs says so: where this output of that task has this value. */
  unless: z.strictObject({ output: z.string(), key: z.string(), is: template }).optional(),
  /** Components that its command waits for: they go first where the processors are short. */
  awaits: z.array(template).default([]),
});

/** A command that an operator runs against the platform, as `kollage NAME …`, in a container of its own. */
export const tool = z.strictObject({
  when: when.optional(),
  /** One sentence: `kollage --help` prints it. */
  doc: z.string(),
  image: template.optional(),
  command: words,
  env: z.record(z.string(), template).default({}),
  /** Names from the service's `config`. */
  config: z.array(z.string()).default([]),
});

/** What an operator is handed to use the platform. */
export const access = z.strictObject({
  /** Names from the service's `config`: written into the deployment folder. */
  files: z.array(z.string()).default([]),
  /** Titles to URLs. */
  links: z.record(z.string(), template).default({}),
  /** Who may log in, and the secret that is the password. */
  user: template.optional(),
  password: z.string().optional(),
  /** What to try first, as `kollage` would be given it: `TOOL …`. */
  examples: z.array(template).default([]),
});

const body = {
  options: z.record(id, option).default({}),
  secrets: z.record(z.string(), secretSpec).default({}),
  volumes: z
    .record(
      id,
      z.strictObject({
        when: when.optional(),
        doc: z.string().optional(),
        size: z.string().optional(),
        /** instance: each instance of the one component that mounts it has its own, and keeps it; a task mounts that of the first. */
        each: z.enum(['deployment', 'node', 'instance']).default('node'),
      }),
    )
    .default({}),
  config: z.record(fileName, configFile).default({}),
  tasks: z.record(id, task).default({}),
};

/** A trait: what several services have alike (a database, users in an identity service). Its templates see its parameters as `with`. */
export const trait = z.strictObject({
  trait: id,
  doc: z.string(),
  parameters: z
    .record(z.string(), z.strictObject({ doc: z.string(), default: z.unknown().optional() }))
    .default({}),
  ...body,
});

export const service = z.strictObject({
  service: id,
  title: z.string(),
  doc: z.string().optional(),
  /** Services that this one cannot do without. */
  requires: z.array(id).default([]),
  image: template.optional(),
  start: z.enum(['kolla', 'plain']).default('kolla'),
  user: template.optional(),
  /** What all of its components and tasks get; their own goes before. */
  env: z.record(z.string(), template).default({}),
  role: template.optional(),
  traits: z.record(id, z.record(z.string(), z.unknown())).default({}),
  ...body,
  components: z.record(id, component).default({}),
  tools: z.record(id, tool).default({}),
  access: access.optional(),
});

/** catalog.yaml: what holds for a catalog as a whole. */
export const catalogFile = z.strictObject({
  catalog: id,
  title: z.string(),
  releases: z
    .record(
      z.string(),
      z.strictObject({
        title: z.string(),
        default: z.boolean().default(false),
        upgradesFrom: z.array(z.string()).default([]),
        /** What is to be known of coming from a release; of one that is not in `upgradesFrom`, why it is refused. */
        upgradeNotes: z.record(z.string(), z.string()).default({}),
        facts: z.record(z.string(), z.string()).default({}),
      }),
    )
    .default({}),
  roles: z.record(id, z.string()).default({}),
  /** Named sets of services. */
  profiles: z
    .record(
      id,
      z.strictObject({ title: z.string(), default: z.boolean().default(false), services: z.array(id) }),
    )
    .default({}),
  options: z.record(id, option).default({}),
  secrets: z.record(z.string(), secretSpec).default({}),
  logins: z.record(id, login).default({}),
  /** Keys of globals.yml that stand for keys of kollage.yaml: `{ network_interface: interface }`; `enable` is the pattern that switches a service. */
  globals: z
    .strictObject({
      enable: z.string().default('enable_{service}'),
      keys: z
        .record(
          z.string(),
          z.enum(['address', 'interface', 'externalAddress', 'release', 'images.registry', 'images.tag']),
        )
        .default({}),
    })
    .prefault({}),
  /** Files merged into every `main` INI file, before the service's own. */
  overrides: z.array(z.string()).default(['global.conf']),
  /** The reference of an image that a recipe builds. Sees `image` and `release`. */
  imageName: template.default('kollage/{{ image }}:{{ release }}'),
  /** The reference of an image that is pulled. Sees `registry`, `image`, `release` and `tag`. */
  pulledImageName: template.default('{{ registry }}/{{ image }}:{{ tag or release }}'),
});

export type Service = z.infer<typeof service>;
export type Trait = z.infer<typeof trait>;
export type Component = z.infer<typeof component>;
export type TaskDefinition = z.infer<typeof task>;
export type ConfigFileDefinition = z.infer<typeof configFile>;
export type Option = z.infer<typeof option>;
export type SecretSpec = z.infer<typeof secretSpec>;
export type CatalogFile = z.infer<typeof catalogFile>;
export type NeedDefinition = z.infer<typeof need>;
export type MountDefinition = z.infer<typeof mount>;
export type HealthDefinition = z.infer<typeof health>;
export type LoginDefinition = z.infer<typeof login>;
export type ReadyDefinition = z.infer<typeof ready>;
export type TaskPhase = z.infer<typeof taskPhase>;
export type OnChange = z.infer<typeof onChange>;
