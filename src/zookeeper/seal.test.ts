import { expect, test } from 'vitest';
import { StoreKey, seal, sealing, unseal } from './seal.ts';

const key = Buffer.alloc(32, 7);
const data = Buffer.from('a password: é\0');

test('what is sealed opens with its key under its label, and does not show what it is', () => {
  const sealed = seal(key, '/a', data);
  expect(sealed).toHaveLength(data.length + sealing);
  expect(sealed.includes('password')).toBe(false);
  expect(unseal(key, '/a', sealed)).toEqual(data);
  expect(unseal(key, '/a', seal(key, '/a', Buffer.alloc(0)))).toEqual(Buffer.alloc(0));
});

test('the same sealed twice is two things', () => {
  expect(seal(key, '/a', data)).not.toEqual(seal(key, '/a', data));
});

test('another key, another label, and each bit that was changed, are refused', () => {
  const sealed = seal(key, '/a', data);
  expect(unseal(Buffer.alloc(32, 8), '/a', sealed)).toBeNull();
  expect(unseal(key, '/b', sealed)).toBeNull();
  for (let bit = 0; bit < sealed.length * 8; bit++) {
    const changed = Buffer.from(sealed);
    changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    expect(unseal(key, '/a', changed)).toBeNull();
  }
  for (let length = 0; length < sealed.length; length++)
    expect(unseal(key, '/a', sealed.subarray(0, length))).toBeNull();
});

/** images/start/zookeeper_test.py has the same text: the two halves are one. */
test('it is what the start program reads', () => {
  const nonce = Buffer.from('000102030405060708090a0b0c0d0e0f1011121314151617', 'hex');
  expect(seal(key, '/kollage/demo/files/a', data, nonce).toString('hex')).toBe(
    '01000102030405060708090a0b0c0d0e0f10111213141516174113a8fb738ca2bbcfde83552b394f7a3784ade96af014cc9719bb84be16b2f8ba647be3f6872aa7c4037311f9fedc',
  );
});

test('each use has a key of its own, and each deployment', () => {
  const one = new StoreKey('secret', 'demo');
  const keys = [
    one.for('a'),
    one.for('b'),
    new StoreKey('secret', 'other').for('a'),
    new StoreKey('x', 'demo').for('a'),
  ];
  expect(new Set(keys.map((key) => key.toString('hex'))).size).toBe(4);
  expect(one.for('a')).toEqual(new StoreKey('secret', 'demo').for('a'));
  expect(one.owner).toEqual({ user: 'demo-owner', password: expect.stringMatching(/^[0-9a-f]{64}$/) });
  expect(one.member.password).not.toBe(one.owner.password);
});
