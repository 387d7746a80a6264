import { expect, test } from 'vitest';
import { engineFor } from '../../src/operate/engine-of.ts';
import { smallCluster } from '../mesos/small.ts';
import { complaints } from '../support/folders.ts';

/* Who logs in to Marathon, as the engine does it. */

/** The engine of a user whose password the folder says to be this one, or does not say. */
async function engineOf(password: string | undefined) {
  const { marathon, mesos } = await smallCluster({ login: { user: 'ops', password: 'hunter2' } });
  const settings = { type: 'marathon', address: marathon, mesos, user: 'ops' } as const;
  return engineFor(settings, { secret: async () => password });
}

test('the right password is taken', async () => {
  expect(await (await engineOf('hunter2')).version()).toBe('1.11.24');
});

test.each([
  ['a wrong one', 'hunter3', 'KLG-561 - Marathon: Invalid username or password.'],
  [
    'none',
    undefined,
    'KLG-120 - the secret kollage_engine_password is missing, the password of ops in Marathon and Mesos',
  ],
])('%s is one error', async (_, password, expected) => {
  const engine = await engineOf(password);
  expect(await complaints(() => engine.version())).toEqual([expected]);
});
