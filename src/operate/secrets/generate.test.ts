import { execFileSync } from 'node:child_process';
import { createPrivateKey, createPublicKey } from 'node:crypto';
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { folderWith } from '../../../test/support/folders.ts';
import { type SecretSpec, secretSpec } from '../../model/service.ts';
import { generate } from './generate.ts';

const make = (spec: Partial<SecretSpec>) => generate(secretSpec.parse(spec));

describe('making secrets', () => {
  it.each<[Partial<SecretSpec>, RegExp]>([
    [{}, /^[A-Za-z0-9]{40}$/],
    [{ length: 12 }, /^[A-Za-z0-9]{12}$/],
    [{ generate: 'hex', length: 33 }, /^[0-9a-f]{33}$/],
    [{ generate: 'uuid' }, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/],
    [{ generate: 'fernet-key' }, /^[A-Za-z0-9_-]{43}=$/],
  ])('%j', (spec, form) => {
    const made = Array.from({ length: 50 }, () => make(spec));
    for (const value of made) expect(value).toMatch(form);
    expect(new Set(made).size).toBe(50);
  });

  it('uses every letter about as often', () => {
    const counts = new Map<string, number>();
    for (let index = 0; index < 100; index++)
      for (const letter of String(make({ length: 256 }))) counts.set(letter, (counts.get(letter) ?? 0) + 1);
    expect(counts.size).toBe(62);
    for (const count of counts.values()) expect(Math.abs(count - 25600 / 62)).toBeLessThan(150);
  });

  it('makes keys that ssh takes', () => {
    const pair = make({ generate: 'ssh-key' });
    if (typeof pair === 'string') throw new Error('not a pair');
    const folder = folderWith({ id: pair.private_key });
    chmodSync(join(folder, 'id'), 0o600);
    const read = execFileSync('ssh-keygen', ['-y', '-f', join(folder, 'id')], { encoding: 'utf8' });
    expect(read.trim()).toBe(pair.public_key);
  });

  it('makes RSA pairs that belong together', () => {
    const pair = make({ generate: 'rsa-key' });
    if (typeof pair === 'string') throw new Error('not a pair');
    const derived = createPublicKey(createPrivateKey(pair.private_key)).export({
      type: 'spki',
      format: 'pem',
    });
    expect(derived).toBe(pair.public_key);
  });
});
