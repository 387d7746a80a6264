import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { captured } from '../../src/engines/io.ts';
import { exec } from '../../src/operate/exec.ts';
import { planDeployment } from '../../src/operate/plan.ts';
import { status } from '../../src/operate/status.ts';
import { Running } from './running.ts';
import { folderOf } from './written.ts';

/**
 * Who holds an output of another follows it when that becomes another one, on an engine that makes instances by itself. `engine`: its line of kollage.yaml;
 * `joins`: whether another instance may join without those that are there being made anew.
 */
export function following(name: string, engine: () => string, { joins }: { readonly joins: boolean }): void {
  describe('outputs feed inputs', () => {
    const { root, write } = folderOf();
    const folder = join(root, 'deployment');
    const running = new Running(folder);
    const configure = (word: string, replicas = 1) =>
      write(
        'deployment/kollage.yaml',
        `name: ${name}
catalog: ../catalog
${engine()}
services: { back: { options: { word: ${word} } }, front: { components: { server: { replicas: ${replicas} } } } }
`,
      );
    const read = async () => {
      const command = ['cat', '/etc/front.conf'];
      const { output } = await captured((io) => exec({ folder, component: 'front/server', command }, io));
      return output.trim();
    };
    const instances = async () => {
      const { workloads } = await status(folder);
      const names = (id: string) =>
        workloads.flatMap(({ workload, instance }) => (workload === id ? [instance] : []));
      return { front: names('front/server'), other: names('other/server') };
    };

    beforeAll(async () => {
      write(
        'catalog/catalog.yaml',
        `catalog: follow
title: Follow
releases: { "2025.1": { title: One, default: true } }
roles: { controller: Everything }
profiles: { all: { title: All, default: true, services: [back, front, other] } }
imageName: "kollage/{{ image }}:{{ release }}"
`,
      );
      write('catalog/images/memcached.yaml', 'image: memcached\n');
      write(
        'catalog/back/service.yaml',
        `service: back
title: Back
image: memcached
user: root
options: { word: { type: string, doc: What it publishes., default: one } }
config: { run.sh: { path: /etc/run.sh } }
components:
  server:
    command: sh /etc/run.sh
    config: [run.sh]
    outputs: { word: /tmp/word }
    health: { file: { path: /tmp/word }, grace: 20 }
    stop: { grace: 1 }
`,
      );
      write('catalog/back/config/run.sh.j2', 'echo {{ options.word }} > /tmp/word\nexec sleep 100000\n');
      const holds = (service: string) => `service: ${service}
title: ${service}
image: memcached
user: root
config: { front.conf: { path: /etc/front.conf } }
components:
  server:
    command: sleep 100000
    config: [front.conf]
    stop: { grace: 1 }
`;
      write(
        'catalog/front/service.yaml',
        `${holds('front')}    needs: [{ output: back/server, key: word }]\n`,
      );
      write('catalog/front/config/front.conf.j2', 'word = {{ output("back/server", "word") }}\n');
      write('catalog/other/service.yaml', holds('other'));
      write('catalog/other/config/front.conf.j2', 'word = none\n');
      write('deployment/passwords.yml', 'kollage_fingerprint_key: key\nkollage_store_key: open\n');
      configure('one');
      await running.up();
    });
    afterAll(() => running.destroy());

    test('who waits for a value has it, and nobody is made anew for the first one', async () => {
      expect(await read()).toBe('word = one');
      const before = await instances();
      expect((await running.up()).number).toBeNull();
      expect(await instances()).toEqual(before);
    });

    test('another value is followed by who holds it, in the same run, and by nobody else', async () => {
      const before = await instances();
      configure('two');
      const { events } = await running.up();
      expect(await read()).toBe('word = two');
      const healthy = events.flatMap((event) => (event.type === 'healthy' ? [event.key] : []));
      expect(healthy).toEqual(['workload:back/server', 'workload:front/server']);
      const after = await instances();
      expect(after.other).toEqual(before.other);
      expect(after.front).not.toEqual(before.front);
      expect((await planDeployment({ folder })).changes).toEqual([]);
    });

    test('whoever was killed between the two goes on', async () => {
      configure('three');
      const stop = new AbortController();
      const hear = ({ type, ...event }: { type: string; key?: string }) => {
        if (type === 'healthy' && event.key === 'workload:back/server') stop.abort();
      };
      expect((await running.failsUp(hear, stop.signal)).code).toBe('KLG-506');
      await running.up();
      expect(await read()).toBe('word = three');
    });

    test.runIf(joins)(
      'what was said of a value stays when another instance joins, and makes nothing anew',
      async () => {
        const before = await instances();
        configure('three', 2);
        expect((await running.up()).number).not.toBeNull();
        const { front } = await instances();
        expect(front).toHaveLength(2);
        expect(front).toEqual(expect.arrayContaining(before.front));
      },
    );
  });
}
