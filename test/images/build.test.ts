import Docker from 'dockerode';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ImageEvent } from '../../src/images/events.ts';
import { buildPrefix, ownerLabel } from '../../src/images/owner.ts';
import { folderWith } from '../support/folders.ts';
import { build, buildAll, inImage, release } from './kollage.ts';

const docker = new Docker();

/** Recipes beside Kollage's own. */
function catalog(recipes: Readonly<Record<string, string>>): string[] {
  const files = Object.entries(recipes).map(([image, text]) => [
    `images/${image}.yaml`,
    `image: ${image}\nabout: a test\n${text}`,
  ]);
  const folder = folderWith(Object.fromEntries(files));
  return ['--release', release, '--catalog', 'openstack', folder, '--'];
}

function ofType<T extends ImageEvent['type']>(events: readonly ImageEvent[], type: T) {
  return events.filter((event): event is Extract<ImageEvent, { type: T }> => event.type === type);
}

beforeAll(buildAll, 1_800_000);

afterAll(async () => {
  const images = await docker.listImages({ filters: { reference: ['kollage/test-*'] } });
  for (const { Id: id } of images) await docker.getImage(id).remove({ force: true });
});

test('a second build does nothing', async () => {
  const { status, events } = await build(['--release', release]);
  expect(status).toBe(0);
  expect(ofType(events, 'built')).toEqual([]);
  expect(ofType(events, 'end')[0]?.present).toBeGreaterThan(15);
});

test('an image that fails is told, what is built on it is left out, and the rest goes on', async () => {
  const { status, events } = await build([
    ...catalog({
      'test-broken': 'from: base\nrun: [echo the last word, "false"]\n',
      'test-child': 'from: test-broken\n',
      'test-unknown': 'from: base\npackages: [no-such-package]\n',
      'test-good': 'from: base\nprovides: [test-one, test-two]\nrun: [touch /good]\n',
    }),
    'test-child',
    'test-unknown',
    'test-good',
  ]);
  expect(status).toBe(1);
  const failed = ofType(events, 'failed').sort((a, b) => a.image.localeCompare(b.image));
  expect(failed.map(({ image }) => image)).toEqual(['test-broken', 'test-unknown']);
  expect(failed[0]?.last.at(-1)).toBe('the last word');
  expect(ofType(events, 'skipped')).toEqual([
    { type: 'skipped', image: 'test-child', because: 'test-broken' },
  ]);
  expect(ofType(events, 'built').map(({ image }) => image)).toEqual(['test-good']);
  const ids = await Promise.all(
    ['test-one', 'test-two', 'test-good'].map(
      async (name) => (await docker.getImage(`kollage/${name}:${release}`).inspect()).Id,
    ),
  );
  expect(new Set(ids).size).toBe(1);
});

/** The containers that a builder left. */
async function left(pid: number | undefined): Promise<string[]> {
  const containers = await docker.listContainers({ all: true });
  return containers
    .filter(
      ({ Names, Labels }) =>
        Names.some((name) => name.startsWith(`/${buildPrefix}`) && name.endsWith('-test-slow')) ||
        Labels[ownerLabel]?.endsWith(`/${pid}`),
    )
    .flatMap(({ Names }) => Names);
}

test('a build that is stopped leaves no container, and the image as it was', async () => {
  const reference = `kollage/test-slow:${release}`;
  let pid: number | undefined;
  const { status, errors } = await build(
    [...catalog({ 'test-slow': 'from: base\nrun: [sleep 600]\n' }), 'test-slow'],
    (event, child) => {
      pid = child.pid;
      if (event.type === 'step' && event.step === 'install') child.kill('SIGINT');
    },
  );
  expect(status).toBe(1);
  expect(errors).toContain('KLG-308');
  expect(await left(pid)).toEqual([]);
  await expect(docker.getImage(reference).inspect()).rejects.toMatchObject({ statusCode: 404 });
});

test('the next build goes on after one that was killed', async () => {
  let pid: number | undefined;
  await build(
    [...catalog({ 'test-slow': 'from: base\nrun: [sleep 600]\n' }), 'test-slow'],
    (event, child) => {
      pid = child.pid;
      if (event.type === 'step' && event.step === 'install') child.kill('SIGKILL');
    },
  );
  expect(await left(pid)).not.toEqual([]);
  const { status } = await build(['--release', release, 'base']);
  expect(status).toBe(0);
  expect(await left(pid)).toEqual([]);
});

test('images say what they hold, and nothing of how this host reaches its packages', async () => {
  const { Config: config } = await docker.getImage(`kollage/keystone:${release}`).inspect();
  expect(config.Labels).toMatchObject({ 'io.kollage.release': release, 'io.kollage.image': 'keystone' });
  expect(config.Labels?.['io.kollage.packages']).toMatch(/^keystone=\S+/);
  expect(config.Entrypoint).toEqual(['dumb-init', '--single-child', '--']);
  const { output } = await inImage(
    `kollage/keystone:${release}`,
    'cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null | grep -o "http[^ ]*" | sort -u; ls -A /var/lib/apt/lists /tmp /mnt | grep -v :; env | grep -i proxy',
  );
  expect(
    output.split('\n').filter((line) => line && !/^https?:\/\/deb\.debian\.org\/|^partial$/.test(line)),
  ).toEqual([]);
  const history = await docker.getImage(`kollage/keystone:${release}`).history();
  expect(JSON.stringify(history)).not.toMatch(/proxy|https?:\/\//i);
});
