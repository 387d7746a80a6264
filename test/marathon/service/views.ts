import type { App } from './apps.ts';
import { stamp } from './apps.ts';
import { stepInfo } from './deployments.ts';
import { type Instance, isActive, isAlive, isScheduled, moment, unknownHealth } from './instances.ts';
import type { Marathon } from './marathon.ts';
import { reasons } from './match.ts';
import { parentOf } from './root.ts';

/** What is embedded (mesosphere/marathon, api/v2/InfoEmbedResolver.scala): names with or without what they are of. */
export class Embeds {
  readonly #names: ReadonlySet<string>;
  readonly groups: boolean;
  readonly apps: boolean;

  constructor(names: readonly string[], more: readonly string[] = []) {
    this.groups = names.includes('group.groups');
    this.apps = names.includes('group.apps');
    const plain = names.map((name) => name.replace(/^(group\.apps|apps|app)\./, ''));
    this.#names = new Set([...plain, ...more]);
  }

  has(name: string): boolean {
    return this.#names.has(name) || (name === 'deployments' && this.#names.has('tasks'));
  }
}

/** raml/TaskConversion.scala. What has ended and waits to be launched again is there too, but nothing is said of when and where it ran. */
export function taskInfo(instance: Instance, withHealth = true): object | null {
  const { app, task, health } = instance;
  if (task === null) return null;
  const active = isActive(instance);
  const checks = health.flatMap((one) => (one === null ? [] : [one]));
  return {
    appId: app.id,
    id: task.id,
    host: task.agent.hostname,
    ipAddresses: [{ ipAddress: task.agent.address, protocol: 'IPv4' }],
    ports: active ? task.ports : [],
    servicePorts: [],
    slaveId: task.agent.id,
    state: task.status.state,
    stagedAt: active ? stamp(task.stagedAt) : null,
    startedAt: active ? moment(task.startedAt) : null,
    version: active ? app.version : null,
    localVolumes: [],
    region: null,
    zone: null,
    role: app.role,
    ...(withHealth && checks.length > 0
      ? {
          healthCheckResults: checks.map((one) => ({
            alive: isAlive(one),
            consecutiveFailures: one.consecutiveFailures,
            firstSuccess: moment(one.firstSuccess),
            instanceId: task.id.replace(/\._app\.\d+$/, ''),
            lastSuccess: moment(one.lastSuccess),
            lastFailure: moment(one.lastFailure),
            lastFailureCause: one.lastFailureCause,
          })),
        }
      : {}),
  };
}

/** raml/AppConversion.scala, core/appinfo/impl/AppInfoBaseData.scala. */
export function appInfo(marathon: Marathon, app: App, embeds: Embeds): object {
  const { lastScalingAt, lastConfigChangeAt, ...rest } = app;
  const instances = marathon.tracker.of(app.id);
  // core/appinfo/impl/TaskForStatistics.scala: one that starts is neither staged nor does it run.
  const launched = instances.filter((one) => one.task !== null && !isScheduled(one));
  const inState = (state: string) => launched.filter(({ task }) => task?.status.state === state).length;
  const results = launched.map(({ health }) => health.filter((one) => one !== null));
  return {
    ...rest,
    versionInfo: { lastScalingAt, lastConfigChangeAt },
    ...(embeds.has('counts')
      ? {
          tasksStaged: inState('TASK_STAGING'),
          tasksRunning: inState('TASK_RUNNING'),
          tasksHealthy: results.filter((all) => all.length > 0 && all.every(isAlive)).length,
          tasksUnhealthy: results.filter((all) => all.some((one) => !isAlive(one ?? unknownHealth))).length,
        }
      : {}),
    ...(embeds.has('deployments')
      ? {
          deployments: marathon.deployments.running
            .filter(({ plan }) => plan.affected.has(app.id))
            .map(({ plan }) => ({ id: plan.id })),
        }
      : {}),
    ...(embeds.has('tasks')
      ? {
          tasks: instances.map((one) => taskInfo(one)).filter((one) => one !== null),
        }
      : {}),
    ...(embeds.has('lastTaskFailure') && marathon.failures.has(app.id)
      ? { lastTaskFailure: marathon.failures.get(app.id) }
      : {}),
  };
}

/** core/appinfo/impl/DefaultInfoService.scala: selectGroup. */
export function groupInfo(marathon: Marathon, id: string, embeds: Embeds): object | null {
  const { groups, apps } = marathon.root;
  const group = groups.get(id);
  if (group === undefined) return null;
  return {
    id,
    version: group.version,
    dependencies: group.dependencies,
    enforceRole: false,
    ...(embeds.groups
      ? {
          groups: [...groups.keys()]
            .filter((below) => below !== '/' && parentOf(below) === id)
            .map((below) => groupInfo(marathon, below, embeds)),
        }
      : {}),
    ...(embeds.apps
      ? {
          apps: [...apps.values()]
            .filter((app) => parentOf(app.id) === id)
            .map((app) => appInfo(marathon, app, embeds)),
        }
      : {}),
    pods: [],
  };
}

/** raml/DeploymentPlanConversion.scala: deploymentStepInfoWrites. */
export function deploymentInfos({ deployments }: Marathon): object[] {
  return deployments.running.map(({ plan, step, actions }) => ({
    id: plan.id,
    version: plan.version,
    affectedApps: [...plan.affected],
    affectedPods: [],
    steps: plan.steps.map(stepInfo),
    currentActions: actions.map(({ action, app }) => ({ action, app: app.id, readinessCheckResults: [] })),
    currentStep: step,
    totalSteps: plan.steps.length,
  }));
}

/** raml/QueueInfoConversion.scala. */
export function queueInfo({ queue }: Marathon, withOffers: boolean): object {
  return {
    queue: queue.waiting.map(({ app, count, statistics }) => {
      const left = queue.delayOf(app);
      const last = [...(statistics?.last ?? [])];
      const ofLast = new Map<string, number>();
      for (const [, one] of last) {
        const first = reasons.find((reason) => one.reasons.includes(reason)) ?? '';
        ofLast.set(first, (ofLast.get(first) ?? 0) + 1);
      }
      const { lastScalingAt, lastConfigChangeAt, ...rest } = app;
      return {
        count,
        role: app.role,
        delay: { timeLeftSeconds: Math.ceil(left / 1000), overdue: left === 0 },
        since: stamp(statistics?.since),
        processedOffersSummary: {
          processedOffersCount: statistics?.processed ?? 0,
          unusedOffersCount: statistics?.unused ?? 0,
          lastUnusedOfferAt: moment(statistics?.lastUnusedAt ?? null),
          lastUsedOfferAt: moment(statistics?.lastUsedAt ?? null),
          rejectSummaryLastOffers: funnel(last.length, ofLast),
          rejectSummaryLaunchAttempt: funnel(statistics?.processed ?? 0, statistics?.rejected ?? new Map()),
        },
        ...(withOffers
          ? {
              lastUnusedOffers: last.map(([agent, one]) => ({
                offer: {
                  id: `${agent.id}-O0`,
                  hostname: agent.hostname,
                  agentId: agent.id,
                  resources: Object.entries(agent.free).map(([name, scalar]) => ({
                    name,
                    role: '*',
                    scalar,
                  })),
                  attributes: Object.entries(agent.attributes).map(([name, text]) => ({ name, text })),
                },
                reason: one.reasons,
                timestamp: stamp(one.at),
              })),
            }
          : {}),
        app: { ...rest, versionInfo: { lastScalingAt, lastConfigChangeAt } },
      };
    }),
  };
}

function funnel(offers: number, declined: ReadonlyMap<string, number>): object[] {
  let processed = offers;
  return reasons.map((reason) => {
    const step = { reason, declined: declined.get(reason) ?? 0, processed };
    processed -= step.declined;
    return step;
  });
}
