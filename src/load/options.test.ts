import { describe, expect, it } from 'vitest';
import { type Option, option } from '../model/service.ts';
import { checkGlobal, checkOption, truth } from './options.ts';

const make = (more: object): Option => option.parse({ doc: 'x', ...more });
const text = make({ type: 'string', default: null });
const form = make({ type: 'string', default: 'a', pattern: '[a-z]+' });
const flag = make({ type: 'boolean', default: false });
const count = make({ type: 'integer', default: 1, min: 1, max: 9 });
const share = make({ type: 'number', default: 0.5 });
const look = make({ type: 'enum', values: ['light', 'dark', '2'], default: 'light' });
const list = make({ type: 'list', default: [] });
const map = make({ type: 'map', default: {} });

describe('the values of options in kollage.yaml', () => {
  it.each<[Option, unknown, string | undefined, unknown]>([
    [text, 'x', undefined, { value: 'x' }],
    [text, null, undefined, { value: null }],
    [text, 2025.1, '2025.10', { value: '2025.10' }],
    [text, true, 'true', { mistake: 'must be a text, not true' }],
    [form, 'abc', undefined, { value: 'abc' }],
    [form, 'abc1', undefined, { mistake: 'must be of the form [a-z]+, not "abc1"' }],
    [form, null, undefined, { mistake: 'must be a text, not empty' }],
    [flag, true, undefined, { value: true }],
    [flag, 'yes', undefined, { mistake: 'must be true or false, not "yes"' }],
    [count, 5, undefined, { value: 5 }],
    [count, 0, undefined, { mistake: 'must be at least 1, not 0' }],
    [count, 10, undefined, { mistake: 'must be at most 9, not 10' }],
    [count, 1.5, undefined, { mistake: 'must be a whole number, not 1.5' }],
    [count, '5', undefined, { mistake: 'must be a whole number, not "5"' }],
    [share, 1.5, undefined, { value: 1.5 }],
    [look, 'dark', undefined, { value: 'dark' }],
    [look, 2, '2', { value: '2' }],
    [look, 'drak', undefined, { mistake: 'must be one of light, dark, 2, not "drak"; did you mean dark?' }],
    [list, ['a'], undefined, { value: ['a'] }],
    [list, 'a', undefined, { mistake: 'must be a list, not "a"' }],
    [map, { a: 1 }, undefined, { value: { a: 1 } }],
    [map, [1], undefined, { mistake: 'must be a map, not a list' }],
  ])('%#', (definition, value, written, expected) => {
    expect(checkOption(definition, value, written)).toEqual(expected);
  });
});

describe('the values of options in globals.yml', () => {
  it.each<[Option, unknown, string | undefined, unknown]>([
    [flag, 'yes', undefined, { value: true }],
    [flag, 'No', undefined, { value: false }],
    [flag, 1, '1', { value: true }],
    [flag, 'perhaps', undefined, { mistake: 'must be true or false, not "perhaps"' }],
    [count, '5', undefined, { value: 5 }],
    [count, ' 5 ', undefined, { value: 5 }],
    [count, '10', undefined, { mistake: 'must be at most 9, not 10' }],
    [count, 'five', undefined, { mistake: 'must be a whole number, not "five"' }],
    [text, true, 'yes', { value: 'yes' }],
    [text, '', undefined, { value: null }],
    [form, '', undefined, { mistake: 'must be of the form [a-z]+, not ""' }],
    [list, 'a, b,', undefined, { value: ['a', 'b'] }],
    [list, ['a'], undefined, { value: ['a'] }],
  ])('%#', (definition, value, written, expected) => {
    expect(checkGlobal(definition, value, written)).toEqual(expected);
  });

  it("takes Ansible's words for yes and no", () => {
    expect(['y', 'ON', ' true ', '1', 't', 1, true].map(truth)).toEqual(Array(7).fill(true));
    expect(['n', 'off', 'False', '0', 'f', 0, false].map(truth)).toEqual(Array(7).fill(false));
    expect(['', 'maybe', null, {}, 2].map(truth)).toEqual(Array(5).fill(undefined));
  });
});
