import { describe, expect, test } from 'vitest';
import { compileTest } from '../compile/testing.ts';
import { KollageError } from '../model/error.ts';
import type { Observed } from '../model/plan.ts';
import { type Pulling, pullImages, toPull } from './pull.ts';

type Images = Parameters<typeof toPull>[0]['images'];

const settings: Images = { pull: 'missing', overrides: {}, registry: 'registry.example:5000/ours' };
const own = 'registry.example:5000/ours/web:1';
const others = ['other.example/a:1', 'built/here:1', 'plain:1'];

/** A state with a workload of each image, and a tool. */
function stateOf(images: readonly string[]) {
  const components = Object.fromEntries(
    images.map((image, index) => [`c${index}`, { image, command: 'true' }] as const),
  );
  const tools = { client: { doc: 'D', image: 'registry.example:5000/ours/client:1', command: 'true' } };
  return compileTest({ services: { web: { image: 'app', components, tools } } }).desired;
}

const here = (...images: string[]): Observed => ({ nodes: [{ name: 'n', images }] });

describe('which images are pulled', () => {
  const desired = stateOf([own, ...others]);
  const client = 'registry.example:5000/ours/client:1';
  const all = ['other.example/a:1', client, own];
  test.each<[string, Partial<Images>, Observed, string[]]>([
    ['those that are missing and have a registry', {}, here(), all],
    ['not those that are there', {}, here(own, client), ['other.example/a:1']],
    ['all of them, always', { pull: 'always' }, here(...all), all],
    ['none, never', { pull: 'never' }, here(), []],
  ])('%s', (_, more, observed, images) => {
    expect(toPull({ images: { ...settings, ...more } }, desired, observed).map(({ image }) => image)).toEqual(
      images,
    );
  });
});

describe('pulling', () => {
  const refuse = (what: RegExp) => async (image: string) => {
    if (what.test(image)) throw new KollageError({ code: 'KLG-406', message: `no ${image}` });
  };

  async function run(pullImage: (image: string) => Promise<void>) {
    const told: Pulling[] = [];
    const engine = { pullImage, observe: async () => here() };
    const desired = stateOf([own, 'other.example/a:1']);
    await pullImages({ engine, deployment: { images: settings }, desired, tell: (one) => told.push(one) });
    return told.filter(({ seconds }) => seconds !== null).map(({ image }) => image);
  }

  test('all that cannot be had are told at once', async () => {
    await expect(run(refuse(/web|other/))).rejects.toMatchObject({
      finding: { code: 'KLG-406', message: 'no other.example/a:1' },
      also: [{ message: `no ${own}` }],
    });
  });

  test('the image of a tool stops nothing', async () => {
    expect((await run(refuse(/client/))).sort()).toEqual(['other.example/a:1', own]);
  });
});
