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
import { besides, ties } from './render/ties.ts';
import { troubleOf, whyNotReady } from './rollout.ts';
import type { KubernetesSettings } from './settings.ts';
import { podShape } from './shapes.ts';

/** Seconds after which a pod that nobody took away ends by itself. */
const longest = 86_400;

const elsewhere = { type: 'volume', path: '', readOnly: false, shared: false } as const;

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
  // Those of the pod, which its container does not have: they lead it to the node where its own are, or will have to be where nothing has used them yet.
  const others = scope ? besides(scope, mounts).map(({ id }) => ({ ...elsewhere, source: id })) : [];
  const held = [...mounts, ...others];
  const tied = scope && ties(scope, { kind: 'task', mounts: held, needs: [] });
  if (scope) await needVolumes(client, scope, { id: tool.id, mounts: held });
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
          ...(scope ? mountedVolumes(scope, held) : []),
        ],
      },
    });
    await runs(client, namespace, name, { signal: io.interrupt, patience: call.desired?.timeouts.needs });
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

/** Seconds for which a tool of no deployment waits for its pod: as long as others wait for what they need, when nothing else is said. */
const usualPatience = 600;

/** Waits until the pod runs. KLG-502 with what stands against it: at once where waiting does not help, else after `patience` seconds. */
async function runs(
  client: KubernetesClient,
  namespace: string,
  name: string,
  { signal, patience = usualPatience }: { signal: AbortSignal; patience: number | undefined },
): Promise<void> {
  const until = new AbortController();
  const over = AbortSignal.timeout(patience * 1000);
  const ends = AbortSignal.any([signal, over, until.signal]);
  const failed = (why: string) => new KollageError({ code: 'KLG-502', message: `${name}: ${why}` });
  let why = 'its pod is being started';
  try {
    const fields = `metadata.name=${name}`;
    for await (const event of follow(client, { kind: 'Pod', namespace }, { fields, signal: ends })) {
      if (event.type === 'synced') continue;
      if (event.type === 'deleted') throw failed('it was removed');
      const pod = podShape.parse(event.object);
      const against = whyNotReady(pod);
      if (against === null) return;
      if (troubleOf(pod)?.fatal) throw failed(against);
      why = against;
    }
    if (!signal.aborted) throw failed(`it did not run within ${patience} s: ${why}`);
    throw new KollageError({ code: 'KLG-506', message: 'interrupted' });
  } finally {
    until.abort();
  }
}
