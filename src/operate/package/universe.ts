import type { AppDemand } from './demand.ts';

/*
 * The files of a package beside its app, by the rules of packaging version 4.0 (mesosphere/universe, repo/meta/schema/package-schema.json,
 * config-schema.json, v3-resource-schema.json, scripts/validate_packages.py).
 */

export interface PackageFacts {
  readonly name: string;
  readonly version: string;
  readonly deployment: string;
  readonly release: string;
  readonly maintainer: string;
  readonly image: string;
  readonly demand: AppDemand;
}

/** package.json */
export function packageJson(facts: PackageFacts): object {
  const { name, version, deployment, release, maintainer, demand } = facts;
  const needs = `It needs ${demand.cpus} processors and ${demand.mem} MB of memory of the cluster's agents`;
  const roles =
    demand.roles.length === 0
      ? ''
      : `, of which some have the attribute kollage_roles with ${demand.roles.join(', ')}`;
  return {
    packagingVersion: '4.0',
    name,
    version,
    maintainer,
    description: `${deployment}${release === '' ? '' : ` ${release}`}: ${demand.apps} apps and ${demand.tasks} one-time tasks, deployed and watched over by Kollage.`,
    framework: false,
    tags: ['kollage', deployment],
    selected: false,
    // What is installed over another version makes what runs equal to this one, whichever it was. Going back is a rollback, which keeps the data in mind.
    upgradesFrom: ['*'],
    downgradesTo: [],
    minDcosReleaseVersion: '1.11',
    preInstallNotes: `${needs}${roles}. The age identity that opens its secrets must be in the secret store first, or be given as the option deployment.key.`,
    postInstallNotes: `Kollage is bringing ${deployment} up now: its log says how far it is, and the group /${deployment} what runs.`,
    postUninstallNotes: `Nobody watches over ${deployment} any more. What it runs in the group /${deployment} goes on running, with its data: \`kollage destroy\` takes that away.`,
    licenses: [{ name: 'Apache License Version 2.0', url: 'https://www.apache.org/licenses/LICENSE-2.0' }],
  };
}

/** config.json: the options, as a JSON Schema with defaults. */
export function configJson({ deployment, name }: PackageFacts): object {
  const text = (description: string, value = '', more: object = {}) => ({
    type: 'string',
    description,
    default: value,
    ...more,
  });
  const service = {
    name: text(
      `The id of the app that deploys ${deployment}. It cannot be in the group of the deployment itself.`,
      name,
      {
        pattern: `^/?(?!${deployment}(/|$))[a-z0-9]([a-z0-9-]*[a-z0-9])?(/[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$`,
      },
    ),
    service_account: text(
      'The service account that it logs in to the cluster with, where that is asked for.',
    ),
    service_account_secret: text("The secret with that account's credentials, as `dcos` writes it."),
    image: text("An image of Kollage, instead of the package's own."),
    cpus: {
      type: 'number',
      description: 'Processors of the deploying app.',
      default: 0.5,
      minimum: 0.1,
    },
    mem: {
      type: 'integer',
      description: 'Memory of the deploying app in MB.',
      default: 1024,
      minimum: 256,
    },
  };
  const options = {
    key_secret: text(
      'The secret with the age identity (AGE-SECRET-KEY-...) that opens passwords.yml.',
      `${name}/age-key`,
    ),
    key: text(
      'The identity itself, for clusters without a secret store. Whoever may see the app can read it.',
    ),
    retry: {
      type: 'boolean',
      description: 'Try again what failed before and was taken back.',
      default: false,
    },
    every: {
      type: 'integer',
      description: 'Seconds between two looks at what runs.',
      default: 5,
      minimum: 1,
      maximum: 3600,
    },
  };
  return {
    type: 'object',
    properties: {
      service: {
        type: 'object',
        description: 'The app that deploys.',
        properties: service,
        required: ['name', 'cpus', 'mem'],
      },
      deployment: {
        type: 'object',
        description: `What is done with ${deployment}.`,
        properties: options,
        required: ['every'],
      },
    },
    required: ['service', 'deployment'],
  };
}

/** resource.json */
export function resourceJson({ image }: PackageFacts): object {
  return { assets: { container: { docker: { kollage: image } } } };
}

/** What a package is made of, as its files have it. */
export interface PackageParts {
  readonly about: object;
  readonly config: object;
  readonly resource: object;
  readonly template: string;
}

/**
 * A repository of this one package, as a Universe server hands it out (v4-repo-schema.json, scripts/gen_universe.py): any web server can, with the media type
 * `application/vnd.dcos.universe.repo+json;charset=utf-8;version=v4`.
 */
export function repositoryJson({ about, config, resource, template }: PackageParts): object {
  const marathon = { v2AppMustacheTemplate: Buffer.from(template).toString('base64') };
  return { packages: [{ ...about, releaseVersion: 0, config, resource, marathon }] };
}
