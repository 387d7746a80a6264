import { type Filter, fail, filter, text } from './call.ts';

/** What is none, because it never was or is not known, is before nothing and nothing is before it. */
export const timeTests: Readonly<Record<string, Filter>> = {
  before: filter((call) => {
    const [value, than] = [call.value, call.arg(0)];
    if (value === undefined || value === null || than === undefined || than === null) return false;
    return seconds(text(call)) < seconds(String(than));
  }, 'time'),
};

const time = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.\d+)?(Z|[+-]\d\d:\d\d)?$/;

/** Whole seconds since the epoch: databases keep no more. A time without a zone is UTC, as OpenStack writes it. */
function seconds(written: string): number {
  const [, day, clock, zone = 'Z'] = time.exec(written) ?? fail(`${written} is not a time`);
  return Date.parse(`${day}T${clock}${zone}`) / 1000;
}
