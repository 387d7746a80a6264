import { expect, test } from 'vitest';
import type { Site } from './cluster.ts';
import { unplaced } from './unplaced.ts';

const app = {
  id: '/mycloud/web/api',
  cpus: 0.5,
  mem: 4096,
  constraints: [['kollage_roles', 'LIKE', 'compute']],
  portDefinitions: [{ port: 80 }, { port: 443 }],
};

/** What is said where Marathon's queue has this. */
async function said(entry: object): Promise<string | undefined> {
  const look = async () => ({ queue: [{ app, count: 1, delay: { overdue: true }, ...entry }] });
  const site = { marathon: { look }, signal: new AbortController().signal } as unknown as Site;
  return (await unplaced(site)).get(app.id);
}

const summary = (...reasons: [reason: string, declined: number][]) => ({
  processedOffersSummary: {
    processedOffersCount: 3,
    rejectSummaryLastOffers: reasons.map(([reason, declined]) => ({ reason, declined, processed: 3 })),
  },
});

test.each([
  ['UnfulfilledConstraint', 'they are not as it wants them: kollage_roles LIKE compute'],
  ['InsufficientMemory', 'less memory than its 4096 MB'],
  ['InsufficientCpus', 'fewer processors than its 0.5'],
  ['InsufficientPorts', 'its ports are taken: 80, 443'],
  ['InsufficientDisk', 'too little disk'],
  ['SomethingNew', 'SomethingNew'],
])('%s: which constraint or resource it is', async (reason, expected) => {
  expect(await said(summary([reason, 1]))).toBe(`no agent can take it: ${expected} (1 offer)`);
});

test('several reasons, and those that hold for none are left out', async () => {
  const reasons = summary(['InsufficientMemory', 1], ['InsufficientDisk', 0], ['AgentDraining', 2]);
  expect(await said(reasons)).toBe(
    'no agent can take it: less memory than its 4096 MB (1 offer), they are being drained (2 offers)',
  );
});

test('without offers it says so, and of what is held back it says nothing', async () => {
  expect(await said({})).toBe('no agent has offered anything');
  expect(await said({ ...summary(['InsufficientCpus', 1]), delay: { overdue: false } })).toBeUndefined();
});
