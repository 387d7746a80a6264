import { execFileSync } from 'node:child_process';
import { beforeAll, describe, expect, test } from 'vitest';
import { compile } from '../../src/compile/compile.ts';
import { engineTraits } from '../../src/engines/traits.ts';
import { everything } from './everything.ts';

/* What the members of a database's cluster decide, each from what all of them say: never do two begin, and never one whose data is older. */

interface State {
  readonly phase: string;
  readonly decides: boolean;
  readonly uuid: string;
  readonly seqno: number;
  readonly safe: boolean;
  readonly first: boolean;
  readonly data: boolean;
}

const nobody = '00000000-0000-0000-0000-000000000000';
const empty: State = {
  phase: 'waiting',
  decides: false,
  uuid: nobody,
  seqno: -1,
  safe: false,
  first: false,
  data: false,
};
const at = (seqno: number, more: Partial<State> = {}): State => ({ ...empty, uuid: 'u', seqno, ...more });
const serving: Partial<State> = { phase: 'runs', decides: true };

let program = '';

beforeAll(() => {
  const { catalog, deployment } = everything('2025.1');
  const engine = { type: 'kubernetes' } as const;
  const { desired } = compile({
    catalog,
    deployment: { ...deployment, engine },
    engine: engineTraits.kubernetes,
  });
  const files = desired.resources.flatMap((one) => (one.kind === 'config' ? one.files : []));
  program =
    files.find(({ name, sources }) => name === 'member.py' && /mariadb/.test(sources[0] ?? ''))?.content ??
    '';
});

/** What each of them decides; null: it does not answer. */
function decisions(...states: (State | null)[]): string[] {
  const ask = `
import json, sys, types
code, states = json.load(sys.stdin)
module = types.ModuleType("member")
exec(compile(code, "member.py", "exec"), module.__dict__)
named = [state and dict(state, host="m%d" % n, number=n, boot="b", status="", why="") for n, state in enumerate(states)]
said = []
for n, own in enumerate(named):
    if own is None or own["phase"] != "waiting":
        said.append("-")
        continue
    others = dict(("m%d" % k, state) for k, state in enumerate(named) if k != n)
    said.append(" ".join(module.decide(own, others, len(named))).strip())
print(json.dumps(said))`;
  const input = JSON.stringify([program, states]);
  return JSON.parse(execFileSync('python3', ['-I', '-c', ask], { input, encoding: 'utf8' })) as string[];
}

describe('members of a database', () => {
  test.each<[string, (State | null)[], RegExp[]]>([
    [
      'that are all new: the first one begins',
      [empty, empty, empty],
      [/^begin$/, /^wait for m0, /, /^wait for m0, /],
    ],
    ['of which one is away: nobody', [empty, empty, null], [/^wait for m2, /, /^wait for m0, /, /^-$/]],
    ['that were killed: the one with the newest data', [at(7), at(9), at(8)], [/^wait/, /^begin$/, /^wait/]],
    ['of which the newest is away: nobody', [at(7), at(8), null], [/^wait for m1/, /^wait for m2, /, /^-$/]],
    [
      'with the same data: the one that left last',
      [at(9), at(9, { safe: true }), at(9)],
      [/^wait/, /^begin$/, /^wait/],
    ],
    [
      'of which who left last is there, with one more',
      [at(8), at(9, { safe: true }), null],
      [/^wait/, /^begin$/, /^-$/],
    ],
    [
      'of which only who left last is there: it may be cut off',
      [null, at(9, { safe: true }), null],
      [/^-$/, /^wait for m0 and m2/, /^-$/],
    ],
    [
      'that say they left last, with older data',
      [at(9), at(8, { safe: true }), null],
      [/^wait for m2/, /^wait for m0/, /^-$/],
    ],
    [
      'that come back to those that serve: they join',
      [at(9), at(3, serving), at(3, serving)],
      [/^join$/, /^-$/, /^-$/],
    ],
    [
      'of which one begins: the others wait for it',
      [empty, { ...empty, phase: 'begins' }, empty],
      [/^wait for m1, which begins/, /^-$/, /^wait for m1/],
    ],
    [
      'with data of different histories: nobody',
      [at(9), at(5, { uuid: 'v' }), at(9)],
      [/^wait for a person/, /^wait for a person/, /^wait for a person/],
    ],
    [
      "of which one counts by a person's word, whatever is away",
      [at(9), at(5, { first: true }), null],
      [/^wait for m1/, /^begin$/, /^-$/],
    ],
    [
      'with data from before there was a cluster: that one',
      [{ ...empty, data: true }, empty, empty],
      [/^begin$/, /^wait/, /^wait/],
    ],
    [
      'with data from before, and a history: the history',
      [{ ...empty, data: true }, at(0), at(0)],
      [/^wait for m1/, /^begin$/, /^wait for m1/],
    ],
  ])('%s', (_, states, expected) => {
    const said = decisions(...states);
    for (const [index, pattern] of expected.entries()) expect(said[index]).toMatch(pattern);
    expect(said.filter((one) => one === 'begin').length).toBeLessThanOrEqual(1);
  });

  test('alone begin at once', () => {
    expect(decisions(at(3))).toEqual(['begin']);
  });
});
