/** What to do about an instance that is not well. */
export type Verdict =
  /** It is well, or may still be starting, or was treated a moment ago. */
  | 'wait'
  /** Start it anew now. */
  | 'treat'
  /** It was started anew as often as makes sense: from now on a person must look. */
  | 'give-up';

/** How one instance was found. Times in milliseconds since the epoch. */
export interface Look {
  readonly at: number;
  /** down: no process runs; wedged: it runs and does not answer as it should. */
  readonly state: 'well' | 'down' | 'wedged';
  /** Milliseconds that it may take from its start until all is well; and that one which was well may be silent, since it may start by itself. */
  readonly grace: { readonly start: number; readonly silence: number };
}

/** All in milliseconds but the number of treatments. */
export interface Regime {
  /** How long an instance must be found down. The engine starts what crashes by itself, sooner than that. */
  readonly down: number;
  /** The pause behind the first treatment; doubled with each further one. */
  readonly first: number;
  readonly most: number;
  /** Treatments without lasting success until it is given up. */
  readonly treatments: number;
  /** Well for so long, its treatments are forgotten: what falls ill again later is another case. */
  readonly lasting: number;
}

export const regime: Regime = {
  down: 4000,
  first: 10_000,
  most: 300_000,
  treatments: 6,
  lasting: 60_000,
};

interface Patient {
  /** Since when it is what it is. */
  readonly since: number;
  readonly state: Look['state'];
  readonly treatments: number;
  readonly notBefore: number;
  readonly givenUp: boolean;
  /** Whether it was well since it was started. */
  readonly wasWell: boolean;
}

/**
 * Remembers how instances were found, and decides when one is started anew: what is down soon, what is wedged after the time that a start may
 * take, each further time after twice the pause, and in the end no more. Pure but for what it remembers.
 */
export class Patients {
  readonly #regime: Regime;
  readonly #patients = new Map<string, Patient>();

  constructor(how: Regime = regime) {
    this.#regime = how;
  }

  /** Takes down how an instance was found, and gives what to do. `give-up` comes once; after it `wait`, until it was well for long. */
  look(instance: string, { at, state, grace }: Look): Verdict {
    const before = this.#patients.get(instance);
    const was = before ?? { since: at, state, treatments: 0, notBefore: 0, givenUp: false, wasWell: false };
    const since = was.state === state ? was.since : at;
    const forgiven = state === 'well' && at - since >= this.#regime.lasting;
    const wasWell = was.wasWell || state === 'well';
    const now = { ...was, ...(forgiven ? { treatments: 0, givenUp: false } : {}), since, state, wasWell };
    this.#patients.set(instance, now);
    if (state === 'well' || now.givenUp || at < now.notBefore) return 'wait';
    const silence = wasWell ? grace.silence : grace.start;
    if (at - since < (state === 'down' ? this.#regime.down : silence)) return 'wait';
    if (now.treatments < this.#regime.treatments) return 'treat';
    this.#patients.set(instance, { ...now, givenUp: true });
    return 'give-up';
  }

  /** Takes down that an instance was started anew: from now on it has the time that a start may take. */
  treated(instance: string, at: number): void {
    const was = this.#patients.get(instance);
    const treatments = (was?.treatments ?? 0) + 1;
    const pause = Math.min(this.#regime.most, this.#regime.first * 2 ** (treatments - 1));
    this.#patients.set(instance, {
      since: at,
      state: was?.state ?? 'down',
      treatments,
      notBefore: at + pause,
      givenUp: false,
      wasWell: false,
    });
  }

  /** How often an instance was started anew without lasting success. */
  treatments(instance: string): number {
    return this.#patients.get(instance)?.treatments ?? 0;
  }
}
