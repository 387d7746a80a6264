import { describe, expect, it } from 'vitest';
import { nearest, suggestion } from './nearest.ts';

describe('the nearest right name', () => {
  it.each<[string, string[], string | undefined]>([
    ['nvoa', ['nova', 'neutron'], 'nova'],
    ['enabld', ['enabled', 'options'], 'enabled'],
    ['x', ['nova'], undefined],
    ['barbican', ['nova', 'neutron'], undefined],
    ['nova', ['nova'], undefined],
    ['nova', [], undefined],
    ['n'.repeat(1000), ['nova'], undefined],
  ])('to %s among %j', (name, names, expected) => {
    expect(nearest(name, names)).toBe(expected);
  });

  it('is suggested, else the names that there are, when they are few', () => {
    expect(suggestion('nvoa', ['nova', 'heat'])).toBe('; did you mean nova?');
    expect(suggestion('barbican', ['nova', 'heat'])).toBe('; there are heat, nova');
    expect(suggestion('barbican', [])).toBe('');
    expect(
      suggestion(
        'barbican',
        Array.from({ length: 31 }, (_, index) => `service-${index}`),
      ),
    ).toBe('');
  });
});
