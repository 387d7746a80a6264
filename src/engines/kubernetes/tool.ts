import { randomBytes } from 'node:crypto';
import { fillSecrets } from '../../config/fill.ts';
import type { KubernetesClient } from '../../kubernetes/client.ts';
import { follow } from '../../kubernetes/watch.ts';
import { KollageError } from '../../model/error.ts';
import type { Tool } from '../../model/resource.ts';
import type { ToolCall } from '../engine.ts';
import type { Io } from '../io.ts';
import { needVolumes } from './base.ts';
import { execIn } from './exec.ts';
import { annotation, label, objectName } from './names.ts';
import { mountedVolumes, mountsOf } from './render/pod.ts';
import { RenderScope } from './render/scope.ts';
import { ties } from './render/ties.ts';
import { troubleOf, whyNotReady } from './rollout.ts';
import type { KubernetesSettings } from './settings.ts';
import { podShape } from './shapes.ts';

/** Seconds after which a pod that nobody took away ends by itself. */
const longest = 86_400;

/** What a tool that works on volumes as root may do there: their files belong to the users of services. */
const onVolumes = ['CHOWN', 'DAC_OVERRIDE', 'FOWNER'];

/**
 * Runs a tool in a pod that is gone afterwards, and gives its exit code. The pod only waits; the tool is run in it, so that all that it prints comes here, and
 * nothing of it is kept by the cluster. Its files with secrets are in a Secret that goes with the pod. Files of the operator's host are not seen there.
 */
export async function runTool(
  client: KubernetesClient,
  settings: KubernetesSettings,
  tool: Tool,
  call: ToolCall,
  io: Io,
): Promise<number> {
  const { namespace, pullSecrets } = settings;
  const name = objectName(`tool-${tool.name}`, `-${randomBytes(4).toString('hex')}`);
  const labels = { [label.managedBy]: 'kollage', [label.deployment]: call.deployment };
  const { mounts = [] } = tool;
  const scope = call.desired && new RenderScope({ desired: call.desired, settings, start: {} });
  const tied = scope && ties(scope, { kind: 'task', mounts, needs: [] });
  if (scope) await needVolumes(client, scope, { id: tool.id, mounts });
  const metadata = { name, namespace, labels, annotations: { [annotation.key]: `tool:${tool.id}` } };
  const files = (call.bundle?.files ?? []).filter(({ path }) => path !== null);
  const data = files.map(({ name: file, content }) => [file, fillSecrets(content, call.secret)] as const);
  try {
    await client.create({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata,
      immutable: true,
      stringData: Object.fromEntries(data),
    });
    await client.create({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        ...metadata,
        labels: { ...labels, ...tied?.labels },
      },
      spec: {
        restartPolicy: 'Never',
        activeDeadlineSeconds: longest,
        terminationGracePeriodSeconds: 1,
        automountServiceAccountToken: false,
        enableServiceLinks: false,
        imagePullSecrets: pullSecrets.map((secret) => ({ name: secret })),
        securityContext: {
          ...(mounts.length > 0 && ids(call.user)),
          seccompProfile: { type: 'RuntimeDefault' },
        },
        ...(tied &&
          tied.affinity.length > 0 && {
            affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: tied.affinity } },
          }),
        containers: [
          {
            name: 'tool',
            image: tool.image,
            command: ['sleep', String(longest)],
            env: Object.entries({ HOME: '/tmp', ...tool.env }).map(([key, value]) => ({ name: key, value })),
            securityContext: {
              allowPrivilegeEscalation: false,
              capabilities: { drop: ['ALL'], ...(mounts.length > 0 && { add: onVolumes }) },
            },
            volumeMounts: [
              ...files.map(({ name: file, path }) => ({
                name: 'files',
                mountPath: path,
                subPath: file,
                readOnly: true,
              })),
              ...mountsOf(mounts),
            ],
          },
        ],
        volumes: [
          { name: 'files', secret: { secretName: name } },
          ...(scope ? mountedVolumes(scope, mounts) : []),
        ],
      },
    });
    await runs(client, namespace, name, io.interrupt);
    const term = io.terminal ? ['env', `TERM=${io.terminal.type}`] : [];
    return await execIn(client, namespace, name, 'tool', [...term, ...tool.command, ...call.args], io);
  } finally {
    await client.remove({ kind: 'Pod', namespace, name }, { grace: 0 });
    await client.remove({ kind: 'Secret', namespace, name });
  }
}

/** `UID:GID`, as a pod names them. */
function ids(user: string | null): { readonly runAsUser?: number; readonly runAsGroup?: number } {
  const [uid, gid] = (user ?? '').split(':').map(Number);
  return uid !== undefined && gid !== undefined ? { runAsUser: uid, runAsGroup: gid } : {};
}

/** Waits until the pod runs. KLG-502 with what stands against it. */
async function runs(
  client: KubernetesClient,
  namespace: string,
  name: string,
  signal: AbortSignal,
): Promise<void> {
  const until = new AbortController();
  const ends = AbortSignal.any([signal, until.signal]);
  try {
    const fields = `metadata.name=${name}`;
    for await (const event of follow(client, { kind: 'Pod', namespace }, { fields, signal: ends })) {
      if (event.type === 'synced') continue;
      const pod = podShape.parse(event.object);
      if (event.type !== 'deleted' && whyNotReady(pod) === null) return;
      const trouble = event.type === 'deleted' ? { why: 'it was removed', fatal: true } : troubleOf(pod);
      if (trouble?.fatal) throw new KollageError({ code: 'KLG-502', message: `${name}: ${trouble.why}` });
    }
    throw new KollageError({ code: 'KLG-506', message: 'interrupted' });
  } finally {
    until.abort();
  }
}
