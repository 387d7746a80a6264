import { describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { complaints } from '../../../test/support/folders.ts';
import { deploymentFile } from '../../model/deployment.ts';
import { service } from '../../model/service.ts';
import { readYaml } from '../yaml/read.ts';
import { parseWith } from './parse.ts';

async function told(schema: z.ZodType, text: string): Promise<string[]> {
  const all = await complaints(() => parseWith(schema, readYaml('f', text)));
  return all.map((line) => line.replace(' f:', ' '));
}

describe('the mistakes of kollage.yaml', () => {
  it.each([
    ['nam: x', ['KLG-103 1:1 unknown key nam; did you mean name?']],
    ['release: "1"', ['KLG-104 1:1 the key name is missing']],
    ['- a', ['KLG-104 1:1 this file must be a map, not a list']],
    ['', ['KLG-104 1:1 this file must be a map, not empty']],
    ['name: Foo', ['KLG-104 1:7 name must be lower-case letters, digits and -, at most 50, not "Foo"']],
    [
      'name: x\nengine: dokcer',
      [
        'KLG-104 2:9 engine must be one of docker, kubernetes, marathon, dcos or a map, not "dokcer"; did you mean docker?',
      ],
    ],
    ['name: x\nengine: { typ: docker }', ['KLG-103 2:11 unknown key typ in engine; did you mean type?']],
    [
      'name: x\nengine:\n  type: moby',
      ['KLG-104 3:9 engine.type must be one of docker, kubernetes, marathon, dcos, not "moby"'],
    ],
    ['name: x\nservices: { nova: 5 }', ['KLG-104 2:19 services.nova must be true or false or a map, not 5']],
    [
      'name: x\nservices:\n  nova: { enabled: maybe, options: 4 }',
      [
        'KLG-104 3:20 services.nova.enabled must be true or false, not "maybe"',
        'KLG-104 3:36 services.nova.options must be a map, not 4',
      ],
    ],
    [
      'name: x\nnodes:\n  a: { roles: [] }\n  b: { role: [x] }',
      [
        'KLG-104 3:15 nodes.a.roles must have at least 1 element',
        'KLG-103 4:8 unknown key role in nodes.b; did you mean roles?',
      ],
    ],
    [
      'name: x\nnodes: { a: { roles: [x], memory: lots } }',
      ['KLG-104 2:35 nodes.a.memory must be a size such as 512M or 16G, not "lots"'],
    ],
    [
      'name: x\nimages: { pull: sometimes }',
      ['KLG-104 2:17 images.pull must be one of missing, always, never, not "sometimes"'],
    ],
    [
      'name: x\nnodes: { a: { roles: [x], cpus: -1 } }',
      ['KLG-104 2:33 nodes.a.cpus must be more than 0, not -1'],
    ],
  ])('%j', async (text, expected) => {
    expect(await told(deploymentFile, text)).toEqual(expected);
  });

  it('takes a release without quotes as it is written', () => {
    const { value } = parseWith(deploymentFile, readYaml('f', 'name: x\nrelease: 2025.10\n'));
    expect(value.release).toBe('2025.10');
  });
});

describe('the mistakes of a definition', () => {
  it.each([
    [
      'needs: [{ endpont: a/b }]',
      ['KLG-103 4:20 unknown key endpont in components.api.needs[0]; did you mean endpoint?'],
    ],
    [
      'needs: [{ endpoint: a/b, on: host }]',
      ['KLG-104 4:39 components.api.needs[0].on must be one of any, node, not "host"'],
    ],
    ['needs: [a/b]', ['KLG-104 4:18 components.api.needs[0] must be a map, not "a/b"']],
    [
      'health: { htp: { endpoint: x }, interval: 1 }',
      ['KLG-103 4:20 unknown key htp in components.api.health; did you mean http?'],
    ],
    [
      'health: { interval: 1 }',
      [
        'KLG-104 4:18 one of the keys http, tcp, mysql, amqp, memcached, socket, file, command is missing in components.api.health',
      ],
    ],
    [
      'health: { tcp: { endpoint: x }, intervl: 1 }',
      ['KLG-103 4:42 unknown key intervl in components.api.health; did you mean interval?'],
    ],
    [
      'scale: { replicas: 1, each: node }',
      ['KLG-103 4:32 the key each cannot stand beside the other keys in components.api.scale'],
    ],
    ['command: []', ['KLG-104 4:19 components.api.command must have at least 1 element']],
    [
      'endpoints: { x: { port: } }',
      ['KLG-104 4:28 components.api.endpoints.x.port must be a number or a text, not empty'],
    ],
  ])('%s', async (line, expected) => {
    const text = `service: nova\ntitle: Nova\ncomponents:\n  api: { ${line} }\n`;
    expect(await told(service, text)).toEqual(expected);
  });

  it.each([
    [
      'a: { type: strng, doc: x, default: y }',
      [
        'KLG-104 4:14 options.a.type must be string, boolean, integer, number, enum, list or map, not "strng"; did you mean string?',
      ],
    ],
    ['a: { doc: x, default: y }', ['KLG-104 4:6 the key type is missing in options.a']],
    [
      'a: { type: integer, doc: x, default: [1] }',
      ['KLG-104 4:40 options.a.default must be a whole number or a text, not a list'],
    ],
    [
      'A: { type: integer, doc: x, default: 1 }',
      ['KLG-104 4:3 the name A must be lower-case words joined by - or _'],
    ],
  ])('%s', async (line, expected) => {
    expect(await told(service, `service: nova\ntitle: Nova\noptions:\n  ${line}\n`)).toEqual(expected);
  });
});
