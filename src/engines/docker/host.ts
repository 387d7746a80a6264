import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { availableParallelism, totalmem } from 'node:os';
import type { ObservedNode } from '../../model/plan.ts';

type Listener = NonNullable<ObservedNode['listeners']>[number];

/**
 * What a plan for containers on this very host must know of it: memory (bytes), processors, the Linux capabilities that it can hand out,
 * and who listens on the given ports. Reads /proc only; on a system without it, what cannot be known is left out.
 */
export function observeHost(name: string, ports: ReadonlySet<number>): ObservedNode {
  return {
    name,
    memory: totalmem(),
    cpus: availableParallelism(),
    ...(existsSync('/proc/net/tcp') ? { listeners: listeners(ports), capabilities: capabilities() } : {}),
  };
}

const tables = [
  { file: '/proc/net/tcp', protocol: 'tcp' },
  { file: '/proc/net/tcp6', protocol: 'tcp' },
  { file: '/proc/net/udp', protocol: 'udp' },
  { file: '/proc/net/udp6', protocol: 'udp' },
] as const;

/** Sockets in the state LISTEN (0A), or unconnected for UDP (07); see proc_net_tcp in the kernel's documentation. */
function listeners(ports: ReadonlySet<number>): Listener[] {
  const found = tables.flatMap(({ file, protocol }) =>
    read(file)
      .split('\n')
      .slice(1)
      .flatMap((line) => {
        const [, local = '', , state, , , , , , inode = ''] = line.trim().split(/\s+/);
        const [address = '', hexPort = ''] = local.split(':');
        const port = Number.parseInt(hexPort, 16);
        if (state !== (protocol === 'tcp' ? '0A' : '07') || !ports.has(port)) return [];
        return [{ port, protocol, address: addressOf(address), inode }];
      }),
  );
  if (found.length === 0) return [];
  const owners = ownersOf(new Set(found.map((socket) => socket.inode)));
  return found.map(({ inode, ...socket }) => {
    const process = owners.get(inode);
    return process === undefined ? socket : { ...socket, process };
  });
}

/** /proc writes addresses in hexadecimal, in the host's (little-endian) order of bytes, four at a time. */
function addressOf(hex: string): string {
  const bytes = (hex.match(/.{8}/g) ?? []).flatMap((word) =>
    (word.match(/../g) ?? []).reverse().map((byte) => Number.parseInt(byte, 16)),
  );
  if (bytes.length === 4) return bytes.join('.');
  if (bytes.every((byte) => byte === 0)) return '::';
  const mapped = bytes.slice(0, 10).every((byte) => byte === 0) && bytes[10] === 255;
  if (mapped) return bytes.slice(12).join('.');
  return Array.from({ length: 8 }, (_, i) =>
    (((bytes[2 * i] ?? 0) << 8) | (bytes[2 * i + 1] ?? 0)).toString(16),
  ).join(':');
}

/** `name (pid)` of the processes that hold these sockets, as far as we may look. */
function ownersOf(inodes: ReadonlySet<string>): Map<string, string> {
  const owners = new Map<string, string>();
  for (const pid of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    for (const fd of list(`/proc/${pid}/fd`)) {
      const inode = /^socket:\[(\d+)\]$/.exec(link(`/proc/${pid}/fd/${fd}`))?.[1];
      if (inode !== undefined && inodes.has(inode))
        owners.set(inode, `${read(`/proc/${pid}/comm`).trim()} (pid ${pid})`);
    }
  }
  return owners;
}

/** Names of the capabilities in this process' bounding set, without CAP_; see capability.h for the order. */
function capabilities(): string[] {
  const mask = /^CapBnd:\s*([0-9a-f]+)/m.exec(read('/proc/self/status'))?.[1];
  if (mask === undefined) return [];
  const bits = BigInt(`0x${mask}`);
  return names.filter((_, bit) => ((bits >> BigInt(bit)) & 1n) === 1n);
}

const names =
  'CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE'.split(
    ' ',
  );

// Processes come and go while we look: what is gone holds nothing.
function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function link(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}
