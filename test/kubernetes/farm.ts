import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { folderOf } from '../engines/written.ts';

/** A deployment of one component on each node of many, and one elsewhere, each with files of its own. Its processes never run. */
export function makeFarm(name: string, kubeconfig: string, nodes: number) {
  const { root, write } = folderOf();
  const folder = join(root, 'deployment');
  mkdirSync(folder, { recursive: true });
  write(
    'catalog/catalog.yaml',
    `catalog: farm
title: Farm
releases: { "1": { title: One, default: true } }
roles: { controller: Everything else, compute: Agents }
profiles: { all: { title: All, default: true, services: [farm] } }
imageName: "farm/{{ image }}:{{ release }}"
`,
  );
  write('catalog/images/farm.yaml', 'image: farm\n');
  write(
    'catalog/farm/service.yaml',
    `service: farm
title: Farm
image: farm
options: { level: { type: integer, doc: A line of the agents' file., default: 1 } }
secrets: { farm_password: {} }
config:
  agent.conf: { path: /etc/agent.conf, format: ini }
  api.conf: { path: /etc/api.conf, format: ini }
tasks:
  setup: { command: "true", config: [api.conf] }
components:
  agent:
    role: compute
    scale: { each: node }
    command: agent
    config: [agent.conf]
    needs: [{ task: setup }]
    update: { strategy: rolling, maxUnavailable: 200 }
  switch:
    role: compute
    scale: { each: node }
    command: switch
    needs: [{ task: setup }]
  api:
    command: api
    config: [api.conf]
    needs: [{ task: setup }]
`,
  );
  write(
    'catalog/farm/config/agent.conf.j2',
    '[agent]\nlevel = {{ options.level }}\npassword = {{ secret("farm_password") }}\naddress = {{ node.address }}\n',
  );
  write('catalog/farm/config/api.conf.j2', '[api]\npassword = {{ secret("farm_password") }}\n');
  write('deployment/passwords.yml', 'farm_password: hunter2\nkollage_fingerprint_key: key\n');
  const configure = (level: number) =>
    write(
      'deployment/kollage.yaml',
      `name: ${name}
catalog: ../catalog
engine: { type: kubernetes, address: ${kubeconfig} }
services: { farm: { options: { level: ${level} } } }
nodes:
  simulated-0: { roles: [controller] }
  "simulated-[1:${nodes}]": { roles: [compute] }
`,
    );
  configure(1);
  return { folder, configure };
}
