import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Look, Patients, regime } from './patients.ts';

const grace = { start: 300_000, silence: 60_000 };

/** Looks every second at an instance in that state, treats it when told to; gives the seconds at which, and when it was given up. */
function watched(patients: Patients, state: Look['state'], from: number, seconds: number) {
  const treated: number[] = [];
  const givenUp: number[] = [];
  for (let second = from; second < from + seconds; second++) {
    const verdict = patients.look('a', { at: second * 1000, state, grace });
    if (verdict === 'treat') {
      treated.push(second);
      patients.treated('a', second * 1000);
    }
    if (verdict === 'give-up') givenUp.push(second);
  }
  return { treated, givenUp };
}

describe('an instance', () => {
  test('that is well is left alone', () => {
    expect(watched(new Patients(), 'well', 0, 5000)).toEqual({ treated: [], givenUp: [] });
  });

  test('that is down is started anew soon, then after twice the pause each time, and given up once', () => {
    const { treated, givenUp } = watched(new Patients(), 'down', 0, 10_000);
    expect(treated).toEqual([4, 14, 34, 74, 154, 314]);
    expect(givenUp).toEqual([314 + 300]);
  });

  test('that is wedged from the start is given the time that a start may take, also after it was started anew', () => {
    expect(watched(new Patients(), 'wedged', 0, 700).treated).toEqual([300, 600]);
  });

  test('that was well and is silent is given less', () => {
    const patients = new Patients();
    watched(patients, 'well', 0, 1);
    expect(watched(patients, 'wedged', 1, 400).treated).toEqual([61, 361]);
  });

  test('that comes and goes by itself within that time is left alone', () => {
    const patients = new Patients();
    for (let second = 0; second < 3000; second += 50) {
      expect(watched(patients, 'wedged', second, 40).treated).toEqual([]);
      watched(patients, 'well', second + 40, 10);
    }
  });

  test('that is well for long is as if nothing had been; for a short time, it is not', () => {
    const patients = new Patients();
    watched(patients, 'down', 0, 10_000);
    watched(patients, 'well', 10_000, 30);
    expect(watched(patients, 'down', 10_030, 300)).toEqual({ treated: [], givenUp: [] });
    watched(patients, 'well', 10_330, 61);
    expect(watched(patients, 'down', 10_391, 20).treated).toEqual([10_395, 10_405]);
  });
});

test('whatever happens, no two treatments come closer than the first pause, and never more than allowed while it is not well for long', () => {
  const state = fc.constantFrom<Look['state']>('well', 'down', 'wedged');
  const looks = fc.array(fc.tuple(state, fc.integer({ min: 1, max: 400 })), { maxLength: 100 });
  fc.assert(
    fc.property(looks, (stretches) => {
      const patients = new Patients({ ...regime, lasting: Number.POSITIVE_INFINITY });
      let second = 0;
      const treated: number[] = [];
      for (const [state, seconds] of stretches) {
        treated.push(...watched(patients, state, second, seconds).treated);
        second += seconds;
      }
      expect(treated.length).toBeLessThanOrEqual(regime.treatments);
      treated.reduce((before, after) => {
        expect((after - before) * 1000).toBeGreaterThanOrEqual(regime.first);
        return after;
      }, -1e9);
    }),
    { numRuns: 50 },
  );
});
