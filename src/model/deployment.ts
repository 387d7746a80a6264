import { z } from './zod.ts';

/** Names that become parts of container, volume and DNS names (RFC 1123 labels). */
export const name = z
  .string()
  .regex(/^[a-z0-9]([-a-z0-9]{0,48}[a-z0-9])?$/, 'must be lower-case letters, digits and -, at most 50');

const scalar = z.union([z.string(), z.number(), z.boolean(), z.null()]);
/** An option's value as it was written; the option's own definition says what it must be. */
export const optionValue = z.union([scalar, z.array(z.unknown()), z.record(z.string(), z.unknown())]);

/** Whole numbers of bytes may be written 512M or 16G (powers of 1024). */
export const bytes = z.union([
  z.int().nonnegative(),
  z.string().regex(/^\d+(\.\d+)?[KMGT]?$/, 'must be a size such as 512M or 16G'),
]);

export const updatePolicy = z.strictObject({
  /** rolling: one after the other; recreate: all stop, then all start; blue-green: the new beside the old. */
  strategy: z.enum(['rolling', 'recreate', 'blue-green']).default('rolling'),
  maxUnavailable: z.int().min(0).default(1),
  surge: z.int().min(0).default(0),
  batch: z.int().min(1).default(1),
});

export const resources = z.strictObject({ memory: bytes.optional(), cpus: z.number().positive().optional() });

/** No component has more instances than this; every one of them is written out in a plan. */
export const maxReplicas = 10_000;

export const componentSettings = z.strictObject({
  replicas: z.int().min(0).max(maxReplicas).optional(),
  role: z.string().optional(),
  image: z.string().optional(),
  resources: resources.optional(),
  update: updatePolicy.partial().optional(),
});

export const serviceSettings = z.strictObject({
  enabled: z.boolean().default(true),
  options: z.record(z.string(), optionValue).default({}),
  components: z.record(z.string(), componentSettings).default({}),
});

export const nodeSettings = z.strictObject({
  roles: z.array(z.string()).min(1),
  address: z.string().optional(),
  memory: bytes.optional(),
  cpus: z.number().positive().optional(),
  labels: z.record(z.string(), z.string()).default({}),
});

/** A namespace of Kubernetes is a label of DNS (RFC 1123). */
const namespaceName = z
  .string()
  .regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/, 'must be lower-case letters, digits and -, at most 63');

export const engineSettings = z.union([
  z.enum(['docker', 'kubernetes', 'marathon', 'dcos']),
  z.strictObject({
    type: z.enum(['docker', 'kubernetes', 'marathon', 'dcos']),
    /** Where the engine answers: a socket, a URL, or a context of the engine's own configuration file. */
    address: z.string().optional(),
    context: z.string().optional(),
    namespace: namespaceName.optional(),
    /** Where a cluster keeps volumes. */
    storage: z
      .strictObject({
        class: z.string().optional(),
        shared: z.string().optional(),
        host: z.strictObject({ path: z.string().startsWith('/'), node: z.string() }).optional(),
        size: bytes.transform(String).optional(),
        nodePath: z.string().startsWith('/').optional(),
      })
      .optional(),
    /** ZooKeeper's servers, where Mesos is the engine. */
    zookeeper: z
      .string()
      .regex(/^[^\s,:/]+(:\d{1,5})?(,[^\s,:/]+(:\d{1,5})?)*$/, 'must be servers such as zk1:2181,zk2:2181')
      .optional(),
    /** URLs of Mesos masters, joined with commas. */
    mesos: z
      .string()
      .regex(
        /^https?:\/\/[^\s,]+(,https?:\/\/[^\s,]+)*$/,
        'must be URLs such as http://master1:5050,http://master2:5050',
      )
      .optional(),
    /** The file of the folder with the certificate of who signed the servers' ones; once it is read, what it holds. */
    ca: z
      .string()
      .regex(/^(?!\/)(?!(.*\/)?\.\.(\/|$)).+$/, 'must be a file of the folder, such as ca.pem')
      .optional(),
    /** As whom to log in to Mesos and Marathon, or DC/OS; the password is a secret. */
    user: z.string().min(1).optional(),
    /** Names of what a cluster logs in to registries with. */
    pullSecrets: z.array(z.string()).optional(),
  }),
]);

export const imageSettings = z.strictObject({
  /** The registry and namespace that images are pulled from; none means that they are built here. */
  registry: z.string().optional(),
  /** The tag of pulled images; the catalog's naming rule when not given. */
  tag: z.string().optional(),
  pull: z.enum(['missing', 'always', 'never']).default('missing'),
  /** Whole references for single images. */
  overrides: z.record(z.string(), z.string()).default({}),
});

/** Seconds. */
export const timeouts = z.strictObject({
  /** How long all that one container needs may take together. */
  needs: z.int().min(1).max(86_400).default(600),
});

const check = {
  /** What it is called where it fails; what it does when not given. */
  name: z.string().optional(),
  /** Seconds that it may take. */
  timeout: z.number().positive().max(86_400).default(60),
};

/** A shell's command line on the operator's host, in the deployment folder; or in the first instance of a component. */
const command = z.strictObject({ command: z.string().min(1), in: z.string().optional(), ...check });

/** What must hold after a change, or it is taken back: a request that is answered so, or a command that ends with 0. */
export const deploymentCheck = z.union([
  z.strictObject({ http: z.url(), status: z.array(z.int()).default([200]), ...check }),
  command,
]);

/** A command that must end with 0, or a question that a person must say yes to. */
export const hook = z.union([command, z.strictObject({ pause: z.string().min(1) })]);

/** What is done before the first change of a service's update, and after its last. */
export const serviceHooks = z.strictObject({
  before: z.array(hook).default([]),
  after: z.array(hook).default([]),
});

/** kollage.yaml, as an operator writes it. docs/reference/kollage.md explains each key. */
export const deploymentFile = z.strictObject({
  name,
  /** Catalogs of Kollage by name, or folders relative to this file; later ones add to and override earlier ones. */
  catalog: z.union([z.string(), z.array(z.string()).min(1).max(16)]).default('openstack'),
  release: z.string().optional(),
  engine: engineSettings.default('docker'),
  profile: z.string().optional(),
  /** The address that services listen on and reach each other at, where the engine has no names of its own. */
  address: z.string().optional(),
  /** Instead of `address` on more than one node: the interface whose address each node uses. */
  interface: z.string().optional(),
  /** The address under which users reach the platform; `address` when not given. */
  externalAddress: z.string().optional(),
  services: z.record(z.string(), z.union([z.boolean(), serviceSettings])).default({}),
  /** Options of the catalog itself, those that no single service owns. */
  options: z.record(z.string(), optionValue).default({}),
  /** Roles made of other roles. */
  roles: z.record(z.string(), z.array(z.string()).min(1)).default({}),
  /** Node names to settings; `compute-[001:200]` stands for a range. One node with every role when not given. */
  nodes: z.record(z.string(), nodeSettings).default({}),
  images: imageSettings.prefault({}),
  timeouts: timeouts.prefault({}),
  checks: z.array(deploymentCheck).default([]),
  /** By service. */
  hooks: z.record(z.string(), serviceHooks).default({}),
});

export type DeploymentFile = z.infer<typeof deploymentFile>;
export type ServiceSettings = z.infer<typeof serviceSettings>;
export type ComponentSettings = z.infer<typeof componentSettings>;
export type Hook = z.infer<typeof hook>;
export type DeploymentCheck = z.infer<typeof deploymentCheck>;
export type Timeouts = z.infer<typeof timeouts>;
export type UpdatePolicy = z.infer<typeof updatePolicy>;
export type EngineName = 'docker' | 'kubernetes' | 'marathon' | 'dcos';
