import { z } from 'zod';

/*
 * What Marathon reads of an app and of a group, written anew from its published types (mesosphere/marathon, docs/docs/rest-api/public/api/v2/types: app.raml,
 * appContainer.raml, network.raml, healthCheck.raml, constraint.raml, volumes.raml, group.raml and what these use). Stricter in one thing: a field
 * that there is none of is an error, where Marathon passes over it. Deprecated fields are left out.
 */

const count = z.int().min(0);
const port = z.int().min(0).max(65535);
const labels = z.record(z.string(), z.string());
/** `strings.PathId`. */
const pathId = z
  .string()
  .min(1)
  .regex(
    /^(\/?((\.\.)|(([a-z0-9]|[a-z0-9][a-z0-9-]*[a-z0-9])\.)*([a-z0-9]|[a-z0-9][a-z0-9-]*[a-z0-9]))?($|\/))+$/,
  );
/** `strings.LegacyName`. */
const legacyName = z.string().regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/);
const name = legacyName.max(63);
const protocol = z.enum(['tcp', 'udp', 'udp,tcp']);
const readMode = z.enum(['RO', 'RW']);

const containerPath = z.string().min(1);
const volume = z.union([
  z.strictObject({ containerPath, hostPath: z.string().min(1), mode: readMode }),
  z.strictObject({
    containerPath,
    mode: readMode,
    persistent: z.strictObject({
      type: z.enum(['root', 'path', 'mount']).optional(),
      size: count,
      maxSize: count.optional(),
      constraints: z.array(z.array(z.string()).min(2).max(3)).optional(),
    }),
  }),
  z.strictObject({
    containerPath,
    mode: readMode,
    external: z.strictObject({
      size: count.optional(),
      name: z.string().optional(),
      provider: z.string().optional(),
      options: labels.optional(),
      shared: z.boolean().optional(),
    }),
  }),
  z.strictObject({ containerPath, secret: z.string().min(1) }),
]);

const container = z.strictObject({
  type: z.enum(['MESOS', 'DOCKER']).optional(),
  docker: z
    .strictObject({
      image: z.string().min(1),
      forcePullImage: z.boolean().optional(),
      privileged: z.boolean().optional(),
      parameters: z.array(z.strictObject({ key: z.string().min(1), value: z.string() })).optional(),
      pullConfig: z.strictObject({ secret: z.string().min(1) }).optional(),
    })
    .optional(),
  volumes: z.array(volume).optional(),
  portMappings: z
    .array(
      z.strictObject({
        containerPort: port.optional(),
        hostPort: port.optional(),
        labels: labels.optional(),
        name: legacyName.optional(),
        protocol: protocol.optional(),
        servicePort: port.optional(),
        networkNames: z.array(name).optional(),
      }),
    )
    .optional(),
});

const healthCheck = z.strictObject({
  command: z.strictObject({ value: z.string() }).optional(),
  gracePeriodSeconds: count.optional(),
  ignoreHttp1xx: z.boolean().optional(),
  intervalSeconds: count.optional(),
  maxConsecutiveFailures: count.optional(),
  path: z.string().optional(),
  port: port.optional(),
  portIndex: port.optional(),
  protocol: z.enum(['HTTP', 'HTTPS', 'TCP', 'COMMAND', 'MESOS_TCP', 'MESOS_HTTP', 'MESOS_HTTPS']).optional(),
  ipProtocol: z.enum(['IPv4', 'IPv6']).optional(),
  timeoutSeconds: count.optional(),
  delaySeconds: count.optional(),
});

const readinessCheck = z.strictObject({
  name: z.string().min(1).optional(),
  protocol: z.enum(['HTTP', 'HTTPS']).optional(),
  path: z.string().min(1).max(1024).optional(),
  portName: legacyName.optional(),
  intervalSeconds: count.optional(),
  timeoutSeconds: z.int().min(1).optional(),
  httpStatusCodesForReady: z.array(z.int().min(100).max(999)).min(1).optional(),
  preserveLastResponse: z.boolean().optional(),
});

export const appSchema = z.strictObject({
  id: pathId,
  acceptedResourceRoles: z.array(z.string()).optional(),
  args: z.array(z.string()).optional(),
  backoffFactor: z.number().min(1).optional(),
  backoffSeconds: count.optional(),
  cmd: z.string().min(1).optional(),
  constraints: z.array(z.array(z.string()).min(2).max(3)).optional(),
  container: container.optional(),
  cpus: z.number().min(0.001).optional(),
  dependencies: z.array(pathId).optional(),
  disk: z.number().min(0).optional(),
  env: z.record(z.string(), z.union([z.string(), z.strictObject({ secret: z.string() })])).optional(),
  executor: z.string().optional(),
  fetch: z
    .array(
      z.strictObject({
        uri: z.string().min(1).max(1024),
        extract: z.boolean().optional(),
        executable: z.boolean().optional(),
        cache: z.boolean().optional(),
        destPath: z.string().min(1).max(1024).optional(),
      }),
    )
    .optional(),
  healthChecks: z.array(healthCheck).optional(),
  instances: count.optional(),
  killSelection: z.enum(['YOUNGEST_FIRST', 'OLDEST_FIRST']).optional(),
  labels: labels.optional(),
  maxLaunchDelaySeconds: count.optional(),
  mem: z.number().min(0).optional(),
  gpus: count.optional(),
  networks: z
    .array(
      z.strictObject({
        name: z
          .string()
          .regex(/^[a-z0-9]([-a-z0-9_]*[a-z0-9])?$/)
          .max(63)
          .optional(),
        mode: z.enum(['container', 'container/bridge', 'host']).optional(),
        labels: labels.optional(),
      }),
    )
    .optional(),
  portDefinitions: z
    .array(
      z.strictObject({
        port: port.optional(),
        labels: labels.optional(),
        name: legacyName.optional(),
        protocol: protocol.optional(),
      }),
    )
    .optional(),
  readinessChecks: z.array(readinessCheck).optional(),
  requirePorts: z.boolean().optional(),
  secrets: z.record(z.string(), z.strictObject({ source: z.string().min(1) })).optional(),
  taskKillGracePeriodSeconds: count.optional(),
  tty: z.boolean().optional(),
  unreachableStrategy: z
    .union([
      z.literal('disabled'),
      z.strictObject({ inactiveAfterSeconds: count.optional(), expungeAfterSeconds: count.optional() }),
    ])
    .optional(),
  upgradeStrategy: z
    .strictObject({
      maximumOverCapacity: z.number().min(0).max(1),
      minimumHealthCapacity: z.number().min(0).max(1),
    })
    .optional(),
  user: z.string().optional(),
  role: z.string().min(1).optional(),
});

export type AppDefinition = z.infer<typeof appSchema>;

export interface GroupDefinition {
  readonly id: string;
  readonly apps?: readonly AppDefinition[] | undefined;
  readonly groups?: readonly GroupDefinition[] | undefined;
  readonly dependencies?: readonly string[] | undefined;
}

export const groupSchema: z.ZodType<GroupDefinition> = z.strictObject({
  id: pathId,
  apps: z.array(appSchema).optional(),
  get groups(): z.ZodOptional<z.ZodArray<z.ZodType<GroupDefinition>>> {
    return z.array(groupSchema).optional();
  },
  dependencies: z.array(pathId).optional(),
});
