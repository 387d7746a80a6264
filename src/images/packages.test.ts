import { expect, test } from 'vitest';
import { parseUris } from './packages.ts';

test("apt's list of addresses gives names and versions", () => {
  const output = [
    'Reading package lists...',
    "'http://mirror.test/debian/pool/main/k/keystone/keystone_27.0.0-3_all.deb' keystone_2%3a27.0.0-3+deb13u6_all.deb 1234 SHA256:aa",
    "'http://mirror.test/pool/libc6_2.41_amd64.deb' libc6_2.41-12_amd64.deb 99 SHA256:bb",
    '',
  ].join('\n');
  expect(parseUris(output)).toEqual({ keystone: '2:27.0.0-3+deb13u6', libc6: '2.41-12' });
});
