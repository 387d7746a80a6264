/** Whether an app's labels are as a selector says: `a`, `a==b`, `a!=b`, `a in (b,c)`, `a notin (b,c)`, all of them where there are several. Null where it is none. */
export function selector(text: string): ((labels: Readonly<Record<string, string>>) => boolean) | null {
  const tests = split(text).map(one);
  const good = tests.filter((test) => test !== null);
  return good.length === tests.length ? (labels) => good.every((test) => test(labels)) : null;
}

type Test = (labels: Readonly<Record<string, string>>) => boolean;

/** mesosphere/marathon, api/v2/LabelSelector.scala: LabelSelectorParsers. What is neither of these is written with a backslash before it. */
const term = String.raw`((?:\\.|[-A-Za-z0-9_.])+)`;

function one(text: string): Test | null {
  const plain = (word = '') => word.replace(/\\(.)/g, '$1');
  const set = new RegExp(String.raw`^\s*${term}\s+(in|notin)\s+\(([^()]*)\)\s*$`).exec(text);
  if (set) {
    const [, key, operator, values = ''] = set;
    const wanted = values.split(',').map((value) => plain(value.trim()));
    return (labels) => {
      const value = labels[plain(key)];
      return value !== undefined && wanted.includes(value) === (operator === 'in');
    };
  }
  const [found, key, operator, value] =
    new RegExp(String.raw`^\s*${term}\s*(?:(==|!=)\s*${term})?\s*$`).exec(text) ?? [];
  if (found === undefined) return null;
  return (labels) => {
    const is = labels[plain(key)];
    if (is === undefined) return false;
    return operator === undefined || (is === plain(value)) === (operator === '==');
  };
}

/** At commas that are in no brackets. */
function split(text: string): string[] {
  return text.split(/,(?![^(]*\))/);
}
