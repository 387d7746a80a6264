import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { complaints } from '../../../test/support/folders.ts';
import { parsePasswords } from '../../load/passwords.ts';
import { type SecretValue, setSecrets } from './edit.ts';

const kolla = `---
###################
# Ceph options
####################
# a comment: with a colon
ceph_cluster_fsid:
database_password:   # the root
mariadb_backup: 'it''s'   # kept

nova_ssh_key:
  private_key:
  public_key:
# after the pair
keystone_key:
  private_key: |
    one
    two
  public_key: three

last: 1`;

const set = (text: string, values: Record<string, SecretValue>) =>
  setSecrets(text, new Map(Object.entries(values)));

describe('setting secrets in a text', () => {
  it('fills in what is empty, replaces what is there, adds what is missing, and touches nothing else', () => {
    const pair = { private_key: 'a\nb\n', public_key: 'c' };
    expect(
      set(kolla, {
        database_password: 'x',
        nova_ssh_key: pair,
        keystone_key: pair,
        mariadb_backup: 'y',
        new_one: '123',
        new_pair: pair,
      }),
    ).toBe(`---
###################
# Ceph options
####################
# a comment: with a colon
ceph_cluster_fsid:
database_password: "x"   # the root
mariadb_backup: "y"   # kept

nova_ssh_key: { private_key: "a\\nb\\n", public_key: "c" }
# after the pair
keystone_key: { private_key: "a\\nb\\n", public_key: "c" }

last: 1
new_one: "123"
new_pair:
  private_key: "a\\nb\\n"
  public_key: "c"
`);
  });

  it.each([
    ['nothing', '', 'a: "x"\n'],
    ['a comment', '# only this\n', '# only this\na: "x"\n'],
    ['a document marker', '---\n', '---\na: "x"\n'],
    ['a name without a value at the end', 'b: 1\na:', 'b: 1\na: "x"'],
    ['a name in quotes', '"a": old\n', '"a": "x"\n'],
    ['a text over several lines', 'a: one\n  two\nb: 1\n', 'a: "x"\nb: 1\n'],
    ['a text after |', 'a: |\n  one\n\nb: 1\n', 'a: "x"\n\nb: 1\n'],
    ['a name that stands twice', 'a: 1\na: 2\n', 'a: 1\na: "x"\n'],
    ['a null', 'a: ~\n', 'a: "x"\n'],
  ])('into %s', (_, text, expected) => {
    const result = set(text, { a: 'x' });
    expect(parsePasswords('f', result).get('a')?.reveal()).toBe('x');
    expect(result).toBe(expected);
  });

  it('refuses a text that is written in braces', async () => {
    expect(await complaints(() => set('{ a: 1 }', { b: 'x' }))).toEqual([expect.stringMatching(/^KLG-125/)]);
  });

  it('leaves every other value as it is, for any file', () => {
    const name = fc.stringMatching(/^[a-z][a-z_]{0,12}$/);
    const value = fc.oneof(
      fc.string({ maxLength: 20 }),
      fc.stringMatching(/^[0-9]{1,8}$/),
      fc.constant('a\nb\n'),
      fc.constant(''),
    );
    const style = fc.record({
      singleQuote: fc.boolean(),
      lineWidth: fc.constantFrom(0, 20),
      blockQuote: fc.boolean(),
    });
    const old = fc.dictionary(name, value, { maxKeys: 8 });
    const fresh = fc.dictionary(name, fc.stringMatching(/^[ -~]{1,20}$/), { maxKeys: 4 });
    fc.assert(
      fc.property(old, fresh, style, (before, made, options) => {
        const text =
          Object.keys(before).length > 0
            ? `# first\n${stringify(before, options)}# last\n`
            : '# first\n# last\n';
        const after = parsePasswords('f', set(text, made));
        const expected = { ...before, ...made };
        const wanted = Object.entries(expected).filter(([, secret]) => secret !== '');
        expect(Object.fromEntries([...after].map(([key, secret]) => [key, secret.reveal()]))).toEqual(
          Object.fromEntries(wanted),
        );
        expect(set(text, made)).toMatch(/^# first\n.*# last\n/s);
      }),
    );
  });
});
