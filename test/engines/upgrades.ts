import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { KollageError } from '../../src/model/error.ts';
import type { KollageEvent } from '../../src/model/event.ts';
import { destroy } from '../../src/operate/destroy.ts';
import { running } from '../../src/operate/status.ts';
import { up } from '../../src/operate/up.ts';
import { type UpgradePlan, upgrade } from '../../src/operate/upgrade.ts';
import { scratch } from '../support/folders.ts';

const port = 21_450;

/**
 * Upgrades of a small platform on a real engine: what is asked before, in which order things come to pass, and what stays when it is refused. `settings`:
 * the line of kollage.yaml that names the engine, known when the tests run; empty for Docker.
 */
export function upgrades(name: string, settings: () => string): void {
  const root = scratch();
  const folder = join(root, 'deployment');
  const text = (release: string, answer: string) =>
    `# ours\nname: ${name}\n${settings()}release: "${release}" # now\ncatalog: ../catalog\nservices: { web: { options: { ${answer} } } }\n`;
  const file = () => readFileSync(join(folder, 'kollage.yaml'), 'utf8');
  const { signal } = new AbortController();

  function write(path: string, content: string): void {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }

  write(
    'catalog/catalog.yaml',
    `catalog: shop
title: Shop
releases:
  zed: { title: Old }
  "2025.1": { title: New, upgradesFrom: [zed] }
  "2026.2": { title: Newest, upgradesFrom: ["2025.1"], upgradeNotes: { zed: its rows are unreadable } }
roles: { controller: Everything }
profiles: { all: { title: All, default: true, services: [web] } }
imageName: "kollage/{{ image }}:{{ release }}"
`,
  );
  write(
    'catalog/web/service.yaml',
    `service: web
title: Web
image: memcached
options:
  answer: { type: string, doc: The exit code of the check., default: "0" }
  sync: { type: string, doc: The exit code of the schema's task., default: "0" }
config: { says.sh: { path: /etc/says.sh, mode: "0444" } }
tasks:
  check:
    phase: check
    command: sh /etc/says.sh {{ options.answer }}
    config: [says.sh]
    needs: [{ endpoint: front }]
  sync:
    phase: expand
    command: sh /etc/says.sh {{ options.sync if release == '2025.1' else 0 }}
    config: [says.sh]
    rerun: [image]
  last:
    phase: contract
    command: sh /etc/says.sh 0
    config: [says.sh]
    rerun: [image]
components:
  front:
    command: memcached -u memcached -l {{ bind }} -p ${port}
    endpoints: { front: { port: ${port} } }
    health: { memcached: { endpoint: front }, grace: 20 }
    needs: [{ task: sync }]
    stop: { grace: 2 }
`,
  );
  write('catalog/images/memcached.yaml', 'image: memcached\n');
  write('catalog/web/config/says.sh.j2', 'echo "they are $1"\nexit "$1"\n');
  write('deployment/passwords.yml', 'kollage_fingerprint_key: key\n');

  beforeEach(async () => {
    write('deployment/kollage.yaml', text('zed', 'answer: "0"'));
    await up({ folder, emit: () => undefined, planned: () => undefined, signal });
  });
  afterEach(() => destroy(folder, { data: false }));

  interface Tried {
    readonly code: string | undefined;
    readonly message: string | undefined;
    readonly plan: UpgradePlan | undefined;
    readonly agreed: boolean;
    readonly events: readonly KollageEvent[];
  }

  async function tried(release: string): Promise<Tried> {
    let plan: UpgradePlan | undefined;
    let agreed = false;
    const events: KollageEvent[] = [];
    const error = await upgrade({
      folder,
      release,
      planned: (made) => {
        plan = made;
      },
      checking: () => undefined,
      follows: () => undefined,
      emit: (event) => events.push(event),
      agreed: async () => {
        agreed = true;
      },
      signal,
    }).then(
      () => undefined,
      (error: unknown) => error,
    );
    if (error !== undefined && !(error instanceof KollageError)) throw error;
    return { code: error?.code, message: error?.message, plan, agreed, events };
  }

  const release = async () => (await running(folder)).desired.release;

  test('checks are asked, tasks run in their turns, and the release is written down', async () => {
    const { code, plan, agreed, events } = await tried('2025.1');
    expect(code).toBeUndefined();
    expect(agreed).toBe(true);
    expect(plan).toMatchObject({ from: 'zed', to: '2025.1', note: null });
    expect(plan?.services).toMatchObject([
      {
        service: 'web',
        check: ['check'],
        before: ['sync'],
        change: ['front'],
        after: ['last'],
        create: [],
        remove: [],
      },
    ]);
    const done = events.flatMap((event) => (event.type === 'change-done' ? [event.key] : []));
    expect(done).toEqual(['task:web/check', 'task:web/sync', 'workload:web/front', 'task:web/last']);
    expect(file()).toBe(text('2025.1', 'answer: "0"'));
    expect(await release()).toBe('2025.1');
    expect(await up({ folder, emit: () => undefined, planned: () => undefined, signal })).toBeNull();
  });

  test('a check that says no refuses it, and nothing was changed', async () => {
    write('deployment/kollage.yaml', text('zed', 'answer: "2"'));
    const { code, message, agreed, events } = await tried('2025.1');
    expect([code, message]).toEqual(['KLG-531', 'web/check refused the upgrade to 2025.1']);
    expect(events).toContainEqual(
      expect.objectContaining({ type: 'change-failed', key: 'task:web/check', message: 'they are 2' }),
    );
    expect(agreed).toBe(false);
    expect(file()).toBe(text('zed', 'answer: "2"'));
    expect(await release()).toBe('zed');
  });

  test('one that fails is taken back, and kollage.yaml is as it was', async () => {
    write('deployment/kollage.yaml', text('zed', 'sync: "3"'));
    const { code, agreed } = await tried('2025.1');
    expect([code, agreed]).toEqual(['KLG-505', true]);
    expect(file()).toBe(text('zed', 'sync: "3"'));
    const { engine } = await running(folder);
    const { instances = [] } = await engine.observe(name, null);
    expect(instances).toMatchObject([{ workload: 'web/front', state: 'running' }]);
    // What ran before runs: the way to another release is open again.
    write('deployment/kollage.yaml', text('zed', 'sync: "0"'));
    expect((await tried('2025.1')).plan).toMatchObject({ from: 'zed' });
  });

  test.each([
    ['2026.2', 'KLG-530', '2026.2 cannot be reached from zed at once: its rows are unreadable'],
    ['zed', 'KLG-530', 'zed runs already'],
    ['2025.2', 'KLG-105', 'there is no release 2025.2; did you mean 2025.1?'],
  ])('to %s is refused before anything is asked', async (to, code, message) => {
    expect(await tried(to)).toEqual({ code, message, plan: undefined, agreed: false, events: [] });
  });
}
