import { tmpdir } from 'node:os';
import { expect, test } from 'vitest';
import { SimulatedEngine, Steps, World } from '../execute/testing.ts';
import { serviceHooks } from '../model/deployment.ts';
import { makePlan } from '../plan/plan.ts';
import { desiredOf } from '../plan/testing.ts';
import { type Confirm, hooksOf, refuseSilence } from './hooks.ts';

const desired = desiredOf({ workloads: [{ id: 'web/front' }] });
const around = { folder: tmpdir(), engine: new SimulatedEngine(new World(), new Steps()), desired };
const hooks = (...before: object[]) => ({ web: serviceHooks.parse({ before }) });

async function problemOf(before: object[], confirm: Confirm): Promise<string | null> {
  try {
    await hooksOf(hooks(...before), around, confirm).run('web', 'before', new AbortController().signal);
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

test.each([
  ['a command', [{ command: 'true' }], null],
  [
    'one that fails',
    [{ command: 'echo because >&2; exit 3' }],
    /^echo .*, before the update of web: it ends with 3: because$/,
  ],
  ['its name', [{ command: 'false', name: 'warn' }], /^warn, before the update of web: it ends with 1$/],
  ['in a component that does not run', [{ command: 'true', in: 'web/front' }], /ends with 1$/],
  ['a yes', [{ pause: 'good?' }], null],
  ['a no', [{ pause: 'bad?' }], /^the answer to "bad\?" was not yes$/],
  ['what stands before decides', [{ command: 'false', name: 'first' }, { pause: 'bad?' }], /^first/],
])('%s', async (_, before, problem) => {
  const said = await problemOf(before, async (question) => question === 'good?');
  if (problem === null) expect(said).toBeNull();
  else expect(said).toMatch(problem);
});

test('the names say what is waited for', () => {
  const { names } = hooksOf(hooks({ command: 'warn' }, { pause: 'good?' }), around, null);
  expect(names('web', 'before')).toEqual(['hook warn', 'a yes: good?']);
  expect(names('web', 'after')).toEqual([]);
  expect(names('other', 'before')).toEqual([]);
});

test('where nobody can be asked, what asks is refused beforehand, if it would be asked', () => {
  const other = desiredOf({ workloads: [{ id: 'web/front', image: 'newer' }] });
  const change = makePlan({ desired: other, last: desired, observed: {} });
  const nothing = makePlan({ desired, last: desired, observed: {} });
  const asks = hooks({ pause: 'good?' });
  expect(() => refuseSilence(asks, change, desired, null)).toThrow(
    /^"good\?" is asked before the update of web/,
  );
  refuseSilence(asks, change, desired, async () => true);
  refuseSilence(asks, nothing, desired, null);
  refuseSilence(hooks({ command: 'true' }), change, desired, null);
});
