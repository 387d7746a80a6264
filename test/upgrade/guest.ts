/**
 * The smallest guest there can be: a boot sector that writes a hexadecimal number to its serial console about once a second (every 18 ticks of
 * the BIOS' clock), counted from 1. A console that counts on is a guest that was never stopped.
 */
export function guestImage(): Buffer {
  const code = Buffer.from(
    [
      '31c0 8ed8 8ed0 bc007c 31c9', // segments and stack; cx, the count, is 0
      '8b1e6c04 fb', // bx = ticks; interrupts on
      'f4 a16c04 29d8 3d1200 72f5', // wait until there are 18 more
      '83c312 41 baf803 be0400', // the next one; count; to COM1, four digits
      'c1c104 88c8 240f 0430 3c39 7602 0427 ee 4e 75ed',
      'b00a ee ebd3', // end of line, and again
    ]
      .join('')
      .replaceAll(' ', ''),
    'hex',
  );
  const disk = Buffer.alloc(1 << 20);
  code.copy(disk);
  // Nova takes no disk without a partition: one, of all but the first sector.
  Buffer.from('80000200830000000100000000000000', 'hex').copy(disk, 446);
  disk.writeUInt32LE(disk.length / 512 - 1, 446 + 12);
  disk.writeUInt16LE(0xaa55, 510);
  return disk;
}

/** The numbers that a console shows, in their order. */
export function counted(console: string): number[] {
  return console
    .split('\n')
    .flatMap((line) => (/^[0-9a-f]{4}$/.test(line.trim()) ? [Number.parseInt(line, 16)] : []));
}
