import { mkdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { folderWith } from '../../../test/support/folders.ts';
import { Outputs } from './outputs.ts';

/** A deployment's folder with the files of one instance. */
function made(text: string): { outputs: Outputs; path: string; content: () => string } {
  const home = folderWith({ 'config/demo-front/front.cfg': text });
  mkdirSync(join(home, 'store', 'outputs'), { recursive: true });
  const path = join(home, 'config/demo-front/front.cfg');
  return { outputs: new Outputs(home), path, content: () => readFileSync(path, 'utf8') };
}

const follows = { 'back/server:port': 'reload' } as const;

describe('outputs', () => {
  test('a value comes into the files that wait for it, and others stay', () => {
    const { outputs, content } = made('to @{output.back/server:port} and @{output.back/server:name}');
    outputs.note('demo-front', { follows });
    expect(outputs.outdated('demo-front')).toEqual({});
    outputs.publish('back/server', { port: '4001' });
    expect(content()).toBe('to 4001 and @{output.back/server:name}');
    expect(outputs.outdated('demo-front')).toEqual({});
    expect(outputs.fill('@{output.back/server:port}')).toBe('4001');
  });

  test('another value does not change files that are filled, and is told until they are noted anew', () => {
    const { outputs, content } = made('to @{output.back/server:port}');
    outputs.note('demo-front', { follows });
    outputs.publish('back/server', { port: '4001' });
    outputs.publish('back/server', { port: '4002' });
    expect(content()).toBe('to 4001');
    expect(outputs.outdated('demo-front')).toEqual({
      'back/server:port': { before: '4001', after: '4002' },
    });
    outputs.note('demo-front', { follows });
    expect(outputs.outdated('demo-front')).toEqual({});
    expect(outputs.outdated('demo-front', new Map([['back/server:port', '4003']]))).toEqual({
      'back/server:port': { before: '4002', after: '4003' },
    });
  });

  test('a file keeps its inode, for whoever has it mounted by itself', () => {
    const { outputs, path } = made('@{output.web/sync:number}');
    const before = statSync(path).ino;
    outputs.publish('web/sync', { number: '7' });
    expect(statSync(path).ino).toBe(before);
    expect([...outputs.all()]).toEqual([['web/sync:number', '7']]);
  });
});
