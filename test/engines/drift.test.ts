import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Change } from '../../src/model/plan.ts';
import { planDeployment } from '../../src/operate/plan.ts';
import { deploymentHome } from '../../src/state/home.ts';
import { containerPid } from '../support/container-pid.ts';
import { Running } from './running.ts';
import { makeShop } from './shop.ts';

/* What somebody changes by hand on a real Docker daemon is shown by a plan, and put right by `up`. */

const name = 'kollage-drift';
const shop = makeShop(name, 21380);
const cloud = new Running(shop.folder);
const password = `hunter2-${name}`;
const front = `${name}-web-front`;
const back = `${name}-web-back`;

// A file for each rule.
const rules = ['nothing', 'reload', 'replace'];
const own = 'own: { path: /etc/rules/own, template: web.conf.j2, owner: root, rewritten: true },';
shop.define('web', (text) =>
  text
    .replace(
      'config: { web.conf:',
      `config: { ${own}${rules.map((rule) => ` rule-${rule}: { path: /etc/rules/${rule}, template: web.conf.j2, owner: root, onChange: ${rule} },`).join('')} web.conf:`,
    )
    .replace(
      'config: [web.conf]\n    endpoints: { front',
      `config: [web.conf, own, ${rules.map((rule) => `rule-${rule}`).join(', ')}]
    reload: { command: touch /tmp/reloaded }
    endpoints: { front`,
    ),
);

beforeAll(async () => {
  await cloud.up();
});

afterAll(() => cloud.destroy());

function docker(...args: string[]): string {
  return execFileSync('docker', args, { encoding: 'utf8' });
}

const inside = (instance: string, line: string) =>
  docker('exec', '--user', 'root', instance, 'sh', '-c', line);
const idOf = (instance: string) => docker('inspect', '--format', '{{.Id}}', instance).trim();
const configOf = (instance: string, file: string) => join(deploymentHome(name), 'config', instance, file);

/** What a plan says of one workload; nothing else may be in it. */
async function planned(key: string): Promise<Change | undefined> {
  const { changes } = await planDeployment({ folder: shop.folder });
  expect(JSON.stringify(changes)).not.toContain(password);
  expect(changes.filter((change) => change.key !== key)).toEqual([]);
  return changes[0];
}

/** Puts it right, and tells whether the container and its process stayed the same. */
async function putRight(instance: string) {
  const before = { id: idOf(instance), pid: containerPid(docker, instance) };
  const { number } = await cloud.up();
  expect(number).not.toBeNull();
  expect(await cloud.ailing()).toEqual([]);
  expect((await planDeployment({ folder: shop.folder })).changes).toEqual([]);
  expect((await cloud.up()).number).toBeNull();
  return {
    sameContainer: idOf(instance) === before.id,
    sameProcess: containerPid(docker, instance) === before.pid,
  };
}

test('where nobody changed anything there is nothing to do', async () => {
  expect((await planDeployment({ folder: shop.folder })).changes).toEqual([]);
});

describe('a file that was changed in the container', () => {
  const cases = [
    ['web.conf', '/etc/web.conf', 'restart', false],
    ['rule-nothing', '/etc/rules/nothing', 'in-place', true],
    ['rule-reload', '/etc/rules/reload', 'reload', true],
    ['rule-replace', '/etc/rules/replace', 'replace', false],
  ] as const;

  test.each(cases)('%s is shown, and put right by its rule', async (file, path, mode, stays) => {
    inside(front, `sed -i 's/^node = .*/node = elsewhere/' ${path}`);
    const change = await planned('workload:web/front');
    expect(change).toMatchObject({
      mode,
      reasons: [{ what: 'drift', before: `${file} was changed by hand in the container` }],
    });
    expect(change?.reasons[0]?.diff).toContain('-node = elsewhere\n+node = ');
    expect(change?.reasons[0]?.diff).toContain('password = @{secret.web_password}');
    expect(await putRight(front)).toEqual({ sameContainer: stays, sameProcess: stays });
    expect(inside(front, `cat ${path}`)).not.toContain('elsewhere');
    const reloaded = inside(front, 'if test -e /tmp/reloaded; then echo yes; fi; rm -f /tmp/reloaded').trim();
    expect(reloaded).toBe(mode === 'reload' ? 'yes' : '');
  });

  test('shows no secret, neither ours nor the one that was put in its place', async () => {
    inside(front, `sed -i 's/^password = .*/password = s3cr3t/' /etc/rules/nothing`);
    const change = await planned('workload:web/front');
    expect(change?.reasons[0]?.diff).toContain('-password = (not shown)\n+password = @{secret.web_password}');
    expect(JSON.stringify(change)).not.toContain('s3cr3t');
    await putRight(front);
    expect(inside(front, 'cat /etc/rules/nothing')).toContain(password);
  });

  test('in its mode only, or that was removed, is put right too', async () => {
    inside(front, 'chmod 666 /etc/rules/nothing');
    expect((await planned('workload:web/front'))?.reasons).toMatchObject([
      { before: 'the mode of rule-nothing was changed by hand in the container: 0666 -> 0600' },
    ]);
    await putRight(front);
    inside(front, 'rm /etc/rules/nothing');
    expect((await planned('workload:web/front'))?.reasons).toMatchObject([
      { before: 'rule-nothing was removed by hand in the container' },
    ]);
    await putRight(front);
    expect(inside(front, 'stat -c %a /etc/rules/nothing').trim()).toBe('600');
  });

  test('is nothing where the process itself may write it', async () => {
    inside(front, 'echo more >> /etc/rules/own');
    expect((await planDeployment({ folder: shop.folder })).changes).toEqual([]);
  });

  test('into a link shows nothing of what lies there on the host', async () => {
    const secret = join(deploymentHome(name), 'of-the-host');
    writeFileSync(secret, 'only-the-host-knows\n');
    inside(front, `ln -sf ${secret} /etc/rules/nothing`);
    const change = await planned('workload:web/front');
    expect(change?.reasons).toMatchObject([{ before: 'rule-nothing was removed by hand in the container' }]);
    expect(JSON.stringify(change)).not.toContain('only-the-host-knows');
    rmSync(secret);
    await putRight(front);
  });
});

describe('a file that was changed on the host', () => {
  test('that the process has not read is put right without touching it', async () => {
    const path = configOf(front, 'web.conf');
    const before = readFileSync(path, 'utf8');
    writeFileSync(path, before.replace(/^node = .*/m, 'node = elsewhere'));
    expect(await planned('workload:web/front')).toMatchObject({
      mode: 'in-place',
      reasons: [{ before: expect.stringMatching(/^web.conf was changed by hand on the host, in .*config/) }],
    });
    expect(await putRight(front)).toEqual({ sameContainer: true, sameProcess: true });
    expect(readFileSync(path, 'utf8')).toBe(before);
  });

  test('and with which the process started since asks for what the file asks for', async () => {
    const path = configOf(front, 'web.conf');
    writeFileSync(path, readFileSync(path, 'utf8').replace(/^node = .*/m, 'node = elsewhere'));
    docker('restart', '--time', '1', front);
    const change = await vi.waitFor(
      async () => {
        const change = await planned('workload:web/front');
        expect(change?.reasons).toHaveLength(2);
        return change;
      },
      { timeout: 20_000 },
    );
    expect(change?.mode).toBe('restart');
    expect(await putRight(front)).toEqual({ sameContainer: false, sameProcess: false });
  });
});

describe('a container that was changed', () => {
  test.each([
    ['memory', ['--memory-reservation', '64m'], 'memory was changed by hand: 64M -> none'],
    ['shares', ['--cpu-shares', '77'], 'share of the processors was changed by hand: 77 -> none'],
    ['restart', ['--restart', 'no'], 'restart policy was changed by hand: no -> always'],
  ])('with docker update, %s, is put right while it runs', async (_, options, before) => {
    docker('update', ...options, back);
    expect(await planned('workload:web/back')).toMatchObject({
      mode: 'in-place',
      reasons: [{ what: 'drift', where: 'localhost', before }],
    });
    expect(await putRight(back)).toEqual({ sameContainer: true, sameProcess: true });
  });

  test('with docker update, where Docker takes nothing back from what runs, is made anew', async () => {
    docker('update', '--memory', '256m', '--memory-swap', '512m', back);
    expect(await planned('workload:web/back')).toMatchObject({
      mode: 'replace',
      reasons: [{ before: 'limit of memory was changed by hand: 256M -> none' }],
    });
    expect(await putRight(back)).toMatchObject({ sameContainer: false });
  });

  test('that was paused goes on', async () => {
    docker('pause', back);
    expect(await planned('workload:web/back')).toMatchObject({
      mode: 'in-place',
      reasons: [{ before: 'it was paused by hand' }],
    });
    expect(await putRight(back)).toEqual({ sameContainer: true, sameProcess: true });
  });

  test('that was renamed gets its name back', async () => {
    const id = idOf(back);
    docker('rename', back, `${name}-other`);
    expect(await planned('workload:web/back')).toMatchObject({
      mode: 'in-place',
      reasons: [{ before: `it was renamed by hand to ${name}-other` }],
    });
    await cloud.up();
    expect(idOf(back)).toBe(id);
    expect((await planDeployment({ folder: shop.folder })).changes).toEqual([]);
  });

  test('that was renamed and is to be another is no second one', async () => {
    docker('rename', back, `${name}-other`);
    docker('update', '--memory', '256m', '--memory-swap', '512m', `${name}-other`);
    expect(await planned('workload:web/back')).toMatchObject({ mode: 'replace', instances: 1 });
    await cloud.up();
    expect(docker('ps', '--all', '--format', '{{.Names}}')).not.toContain(`${name}-other`);
    expect(await cloud.ailing()).toEqual([]);
  });

  test('that was made anew by a tool which keeps its labels is made as it shall be', async () => {
    anew(back, (made) => ({
      ...made,
      Env: [...made.Env, 'DEBUG=1', `OTHER_PASSWORD=s3cr3t`],
      Cmd: ['-v'],
      HostConfig: { ...made.HostConfig, CapAdd: ['NET_ADMIN'], Binds: ['/tmp:/srv:ro'] },
    }));
    const change = await planned('workload:web/back');
    expect(change).toMatchObject({ mode: 'replace', instances: 1 });
    expect(change?.reasons.map(({ before }) => before)).toEqual([
      expect.stringMatching(/^command was changed by hand: python3 .*start -v -> python3 .*start$/),
      'env.DEBUG was changed by hand: 1 -> none',
      'env.OTHER_PASSWORD was changed by hand: (not shown) -> none',
      'mounts./srv was changed by hand: /tmp:/srv:ro -> none',
      'privileges.capabilities was changed by hand: NET_ADMIN -> none',
    ]);
    expect(await putRight(back)).toMatchObject({ sameContainer: false });
  });

  test('is no container, volume or network that somebody added beside', async () => {
    docker('create', '--name', `${name}-extra`, '--entrypoint', 'sleep', 'kollage/memcached:2025.1', '60');
    docker('network', 'create', `${name}-extra`);
    expect((await planDeployment({ folder: shop.folder })).changes).toEqual([]);
    expect((await cloud.up()).number).toBeNull();
    docker('network', 'rm', `${name}-extra`);
    docker('rm', `${name}-extra`);
  });
});

describe('what was removed', () => {
  test('of the records of done tasks is done again', async () => {
    rmSync(join(deploymentHome(name), 'store/tasks/web__setup'), { recursive: true });
    expect(await planned('task:web/setup')).toMatchObject({
      action: 'run',
      reasons: [{ what: 'state', before: 'not done', after: 'done' }],
    });
    expect(await putRight(front)).toEqual({ sameContainer: true, sameProcess: true });
  });

  test('of the containers of done tasks is nothing', async () => {
    docker('rm', `${name}-web-setup`);
    expect((await planDeployment({ folder: shop.folder })).changes).toEqual([]);
  });

  test('of volumes is said, and nothing begins with an empty one', async () => {
    const volume = `${name}-web-data`;
    const errors = async () =>
      (await planDeployment({ folder: shop.folder })).findings.flatMap(({ code, severity, message }) =>
        severity === 'error' ? [`${code} ${message}`] : [],
      );
    expect(await errors()).toEqual([]);
    docker('volume', 'rm', volume);
    expect(await errors()).toEqual(['KLG-410 the volume web/data of web/setup is gone']);
    expect((await cloud.failsUp()).code).toBe('KLG-410');
    expect(docker('volume', 'ls', '--format', '{{.Name}}')).not.toContain(volume);
    docker('volume', 'create', volume);
    expect(await errors()).toEqual([]);
    expect((await cloud.up()).number).toBeNull();
    docker('volume', 'rm', volume);
    docker('volume', 'create', '--label', `io.kollage.deployment=${name}`, volume);
  });
});

test('status says what was changed', async () => {
  inside(front, 'echo more >> /etc/web.conf');
  expect(await cloud.ailing()).toEqual([
    { workload: 'web/front', state: 'changed', why: 'web.conf was changed by hand in the container' },
  ]);
  await putRight(front);
});

test('what a process may take of memory and processors is changed while it runs, and the plan says so', async () => {
  const before = { id: idOf(back), pid: containerPid(docker, back) };
  const limits = () =>
    docker('inspect', '--format', '{{.HostConfig.MemoryReservation}} {{.HostConfig.CpuShares}}', back).trim();
  shop.configure('services: { web: { components: { back: { resources: { memory: 64M, cpus: 2 } } } } }\n');
  expect((await planned('workload:web/back'))?.reasons).toMatchObject([
    { where: 'resources.cpus', after: '2' },
    { where: 'resources.memory', after: '64M' },
  ]);
  await cloud.up();
  expect(limits()).toBe(`${64 * 2 ** 20} 2048`);
  expect((await cloud.up()).number).toBeNull();
  shop.configure();
  await cloud.up();
  expect(limits()).toBe(`${6 * 2 ** 20} 1024`);
  expect((await planDeployment({ folder: shop.folder })).changes).toEqual([]);
  expect({ id: idOf(back), pid: containerPid(docker, back) }).toEqual(before);
});

interface Inspected {
  readonly Env: readonly string[];
  readonly [key: string]: unknown;
  readonly HostConfig: Readonly<Record<string, unknown>>;
}

/** Makes a container anew as tools do that update or edit containers: from what Docker tells of it, with its labels. */
function anew(instance: string, change: (made: Inspected) => object): void {
  const [{ Config, HostConfig }] = JSON.parse(docker('inspect', instance));
  docker('rm', '--force', instance);
  const body = JSON.stringify(change({ ...Config, HostConfig }));
  const { stdout } = spawnSync(
    'curl',
    [
      '--silent',
      '--unix-socket',
      (process.env['DOCKER_HOST'] ?? '/var/run/docker.sock').replace('unix://', ''),
      '--header',
      'Content-Type: application/json',
      '--data',
      '@-',
      `http://docker/containers/create?name=${instance}`,
    ],
    { input: body, encoding: 'utf8' },
  );
  expect(stdout).toContain('"Id"');
  docker('start', instance);
}
