/** What a package installs: one app, which is Kollage itself with the deployment folder. */

/** What the app's environment is called, and what its script reads. */
const variable = { archive: 'KOLLAGE_PACKAGED', key: 'KOLLAGE_AGE_KEY', every: 'KOLLAGE_EVERY' } as const;

/**
 * The command of the app. The folder and its key lie in memory only, so that they are gone with the container. Whoever stops the app stops Kollage as Ctrl-C
 * does: what it was doing is written down, and goes on where the app is started again.
 */
export const script = [
  'set -eu',
  'umask 077',
  'folder=$(mktemp -d /dev/shm/kollage.XXXXXX)',
  'trap \'rm -rf "$folder"\' EXIT',
  `printf %s "$${variable.archive}" | base64 -d | tar -xz -C "$folder"`,
  'mkdir "$folder/.kollage"',
  `printf '%s\\n' "$${variable.key}" > "$folder/.kollage/age.key"`,
  `unset ${variable.archive} ${variable.key}`,
  'stopped=',
  'run() {',
  '  kollage "$@" & child=$!',
  '  trap \'stopped=yes; kill -TERM "$child"\' TERM',
  '  while code=0; wait "$child" || code=$?; [ "$code" -gt 128 ] && kill -0 "$child" 2>/dev/null; do :; done',
  '  [ "$code" -eq 0 ] && [ -z "$stopped" ] || exit "$code"',
  '}',
  'run up --folder "$folder" --yes --message "$KOLLAGE_PACKAGE" $KOLLAGE_RETRY',
  `run serve --folder "$folder" --every "$${variable.every}"`,
].join('\n');

/** What the template says of one app. */
export interface AppTemplate {
  /** Name and version of the package, for the deployment's history. */
  readonly title: string;
  readonly archive: string;
}

/**
 * marathon.json.mustache: rendered from what the person who installs it chose, it is an app of Marathon's. Values stand between three braces, for two escape
 * what HTML wants escaped.
 */
export function appTemplate({ title, archive }: AppTemplate): string {
  return `{
  "id": "{{{service.name}}}",
  "cmd": ${JSON.stringify(script)},
  "cpus": {{{service.cpus}}},
  "mem": {{{service.mem}}},
  "instances": 1,
  "networks": [{ "mode": "host" }],
  "container": {
    "type": "DOCKER",
    "docker": {
      "image": "{{#service.image}}{{{service.image}}}{{/service.image}}{{^service.image}}{{{resource.assets.container.docker.kollage}}}{{/service.image}}"
    }
  },
  "secrets": {
    {{^deployment.key}}"ageKey": { "source": "{{{deployment.key_secret}}}" }{{#service.service_account_secret}},{{/service.service_account_secret}}{{/deployment.key}}
    {{#service.service_account_secret}}"serviceCredential": { "source": "{{{service.service_account_secret}}}" }{{/service.service_account_secret}}
  },
  "env": {
    {{^deployment.key}}"${variable.key}": { "secret": "ageKey" },{{/deployment.key}}
    {{#deployment.key}}"${variable.key}": "{{{deployment.key}}}",{{/deployment.key}}
    {{#service.service_account}}"DCOS_SERVICE_ACCOUNT": "{{{service.service_account}}}",{{/service.service_account}}
    {{#service.service_account_secret}}"DCOS_SERVICE_ACCOUNT_CREDENTIAL": { "secret": "serviceCredential" },{{/service.service_account_secret}}
    "KOLLAGE_PACKAGE": ${JSON.stringify(title)},
    "KOLLAGE_RETRY": "{{#deployment.retry}}--retry{{/deployment.retry}}",
    "${variable.every}": "{{{deployment.every}}}",
    "${variable.archive}": "${archive}"
  },
  "labels": { "MARATHON_SINGLE_INSTANCE_APP": "true" },
  "upgradeStrategy": { "minimumHealthCapacity": 0, "maximumOverCapacity": 0 },
  "taskKillGracePeriodSeconds": 60
}
`;
}
