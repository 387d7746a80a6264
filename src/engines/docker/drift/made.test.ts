import { expect, test } from 'vitest';
import { limitDrift, updateOf } from './limits.ts';
import { madeOf, printOf, withoutImage } from './made.ts';

const log = { LogConfig: { Type: 'json-file', Config: {} } };
const asked = {
  Entrypoint: ['python3', 'start'],
  Cmd: [],
  Env: ['A=1', 'B=x=y'],
  HostConfig: {
    ...log,
    NetworkMode: 'host',
    CapAdd: ['NET_ADMIN'],
    Mounts: [{ Type: 'bind', Source: '/home/specs/abc', Target: '/kollage/spec', ReadOnly: true }],
  },
};
const image = { User: 'web', Env: ['PATH=/bin', 'LANG=C'] };
/** As Docker tells what it was asked for. */
const told = {
  Entrypoint: ['python3', 'start'],
  Cmd: null,
  User: 'web',
  Env: ['A=1', 'B=x=y', 'PATH=/bin', 'LANG=C'],
  HostConfig: {
    ...asked.HostConfig,
    Binds: null,
    CapAdd: ['CAP_NET_ADMIN'],
    CapDrop: null,
    SecurityOpt: ['label=disable'],
    Mounts: [{ Type: 'bind', Source: '/home/specs/def', Target: '/kollage/spec', ReadOnly: true }],
    MaskedPaths: ['/proc/kcore'],
    IpcMode: 'private',
    PidMode: '',
    Init: null,
    Privileged: false,
  },
};
const found = (more: object = {}, host: object = {}) =>
  withoutImage(
    madeOf({ ...told, ...more, HostConfig: { ...told.HostConfig, ...host } }, '/home'),
    image,
    madeOf(asked, '/home'),
  );

test('what Docker tells of what it was asked for is the same', () => {
  expect(found()).toEqual(madeOf(asked, '/home'));
  expect(printOf(found())).toBe(printOf(madeOf(asked, '/home')));
});

test.each<[string, object, object]>([
  ['another command', { Cmd: ['-v'] }, {}],
  ['another user', { User: 'root' }, {}],
  ['another value', { Env: ['A=2', 'B=x=y', 'PATH=/bin'] }, {}],
  ["an image's variable with another value", { Env: ['A=1', 'B=x=y', 'PATH=/sbin'] }, {}],
  ['a variable less', { Env: ['A=1'] }, {}],
  ['a mount more', {}, { Binds: ['/tmp:/srv'] }],
  [
    'another mount',
    {},
    { Mounts: [{ Type: 'bind', Source: '/etc', Target: '/kollage/spec', ReadOnly: true }] },
  ],
  ['a mount to write to', {}, { Mounts: [{ ...asked.HostConfig.Mounts[0], ReadOnly: false }] }],
  ['another network', {}, { NetworkMode: 'bridge' }],
  ['all rights', {}, { Privileged: true }],
  ['a right less', {}, { CapAdd: [] }],
  ['a device', {}, { Devices: [{ PathOnHost: '/dev/kvm', PathInContainer: '/dev/kvm' }] }],
  ['all of /proc', {}, { MaskedPaths: [] }],
  ["the host's processes", {}, { PidMode: 'host' }],
  ['another log', {}, { LogConfig: { Type: 'none' } }],
])('%s is something else', (_, more, host) => {
  expect(found(more, host)).not.toEqual(madeOf(asked, '/home'));
});

test.each<[string, object, object, string | null, object | null]>([
  ['nothing', { MemoryReservation: 0, CpuShares: 0 }, {}, null, null],
  ['as good as nothing', { MemoryReservation: 6 * 2 ** 20, CpuShares: 1024 }, {}, null, null],
  [
    'what it began with, because others waited for it',
    { CpuShares: 8192 },
    {},
    null,
    { MemoryReservation: 6 * 2 ** 20, CpuShares: 1024 },
  ],
  [
    'the same share, asked for',
    { CpuShares: 1024 },
    { CpuShares: 2048 },
    'share of the processors was changed by hand: none -> 2048',
    expect.objectContaining({ CpuShares: 2048 }),
  ],
  [
    'more memory',
    { MemoryReservation: 2 ** 30 },
    { MemoryReservation: 2 ** 29 },
    'memory was changed by hand: 1G -> 512M',
    { MemoryReservation: 2 ** 29, CpuShares: 1024 },
  ],
  [
    'another policy',
    { RestartPolicy: { Name: 'no' } },
    { RestartPolicy: { Name: 'always' } },
    'restart policy was changed by hand: no -> always',
    expect.objectContaining({ RestartPolicy: { Name: 'always' } }),
  ],
  ['processors', { NanoCpus: 15e8 }, {}, 'limit of processors was changed by hand: 1.5 -> none', null],
  ['one processor', { CpusetCpus: '0' }, {}, 'processors was changed by hand: 0 -> none', null],
])('limits: %s', (_, found, asked, text, update) => {
  expect(limitDrift(found, asked).map((one) => one.text)).toEqual(text === null ? [] : [text]);
  expect(updateOf(found, asked)).toEqual(update);
});
