import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Screen } from './screen.ts';
import { TestTerminal } from './testing.ts';

const line = fc.stringMatching(/^[a-z]{0,10}$/);
const columns = 10;

test('after any frames, only the last is there, below what was there before', () => {
  fc.assert(
    fc.property(fc.array(fc.array(line, { maxLength: 9 }), { minLength: 1 }), (frames) => {
      const terminal = new TestTerminal(columns, 10);
      terminal.write('before\n');
      const screen = new Screen(terminal);
      for (const frame of frames) screen.draw(frame);
      expect(terminal.text).toBe(['before', ...(frames.at(-1) ?? [])].join('\n').trimEnd());
    }),
  );
});

test('a frame that is too high is cut, so that nothing of it is left behind in the scrollback', () => {
  const terminal = new TestTerminal(20, 4);
  const screen = new Screen(terminal);
  for (let time = 0; time < 5; time++) screen.draw(Array.from({ length: 9 }, (_, row) => `${time} ${row}`));
  expect(terminal.text).toBe('4 0\n4 1\n4 2');
});

test('the end takes the place of the frame and gives the cursor back, once', () => {
  const terminal = new TestTerminal(20, 10);
  const screen = new Screen(terminal);
  screen.draw(['one', 'two', 'three']);
  expect(terminal.cursorShown).toBe(false);
  screen.end('Done.\n');
  screen.end();
  terminal.write('$ ');
  expect(terminal.cursorShown).toBe(true);
  expect(terminal.text).toBe('Done.\n$');
});

test('who leaves in the middle sees the last frame, and the next begins below', () => {
  const terminal = new TestTerminal(20, 10);
  const screen = new Screen(terminal);
  screen.draw(['one', 'two']);
  screen.leave();
  expect(terminal.cursorShown).toBe(true);
  terminal.write('[1]+ Stopped\n');
  screen.draw(['three']);
  expect(terminal.text).toBe('one\ntwo\n[1]+ Stopped\nthree');
});

test('lines that stay the same are not written again', () => {
  const written: string[] = [];
  const screen = new Screen({ columns: 20, rows: 10, write: (text) => written.push(text) });
  screen.draw(['same', 'old']);
  screen.draw(['same', 'new']);
  expect(written[1]).not.toContain('same');
  expect(written[1]).toContain('new');
});

test('a terminal that became narrower and broke lines is drawn over from where they begin', () => {
  const terminal = new TestTerminal(20, 10);
  const screen = new Screen(terminal);
  terminal.write('before\n');
  screen.draw(['x'.repeat(15)]);
  // What a terminal that breaks lines shows at 10 columns.
  const narrow = new TestTerminal(10, 10);
  narrow.write(`before\n${'x'.repeat(10)}\n${'x'.repeat(5)}\n`);
  Object.assign(terminal, { columns: 10 });
  const writeBefore = terminal.write.bind(terminal);
  terminal.write = (text) => narrow.write(text) && writeBefore(text);
  screen.draw(['y'.repeat(8)]);
  expect(narrow.text).toBe(`before\n${'y'.repeat(8)}`);
});
