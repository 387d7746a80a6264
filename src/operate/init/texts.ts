/** What the files of a new deployment folder say. */

export interface DeploymentText {
  readonly name: string;
  readonly catalog: string;
  readonly release: string | undefined;
  readonly engine: string;
  readonly profile: string | undefined;
  /** All profiles of the catalog, for the hint. */
  readonly profiles: readonly string[];
}

/** kollage.yaml: five lines that count, and what one would change next as comments. */
export function deploymentText({
  name,
  catalog,
  release,
  engine,
  profile,
  profiles,
}: DeploymentText): string {
  const others = profiles.filter((one) => one !== profile);
  const lines = [
    `name: ${name}`,
    ...(catalog === 'openstack' ? [] : [`catalog: ${JSON.stringify(catalog)}`]),
    ...(release === undefined ? [] : [`release: ${JSON.stringify(release)}`]),
    `engine: ${engine}`,
    ...(profile === undefined
      ? []
      : [`profile: ${profile}${others.length > 0 ? `   # or ${others.join(', ')}` : ''}`]),
    'address: 127.0.0.1   # where services listen; an address of this host to reach them from elsewhere',
  ];
  return `${lines.join('\n')}\n\n${hints}`;
}

const hints = `# externalAddress: cloud.example.org   # what users are told to connect to

# services:                      # on top of the profile
#   NAME: true                   # or false, or settings:
#   OTHER:
#     options: { OPTION: VALUE }
#     components: { COMPONENT: { replicas: 2 } }

# nodes:                         # one node with every role when there are none
#   controller-[1:3]: { roles: [controller], address: "192.0.2.[11:13]" }
#   compute-[001:200]: { roles: [compute] }

# images:                        # built here when no registry is named
#   registry: registry.example.org/kolla
`;

export const gitIgnore = `# Keys and what Kollage notes down here. passwords.yml is encrypted and belongs to the repository.
.kollage/
`;

export const configReadme = `# Overrides of configuration files

Files here change those that Kollage generates, by kolla-ansible's rules; later ones win:

    global.conf                            the main INI file of every service
    <service>.conf                         that of all components of a service
    <service>/<file>                       any configuration file, by its name
    <service>/<service>-<component>.conf   the main INI file of one component
    <service>/<node>/<file>                a file on one node

INI and YAML files are merged key by key, others are replaced whole. All of them are Jinja2 templates.
\`kollage plan\` names a file here that no component reads.
`;
