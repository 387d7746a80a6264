/** By which of their fields entries of lists are known, as Kubernetes merges them. */
const keys = ['name', 'containerPort', 'mountPath', 'port', 'key', 'ip'] as const;

/** More than this says no more. */
const most = 20;

/**
 * The fields of an object that are not as they were applied, by their place: `spec.replicas: 3 instead of 1`. Only what was applied counts; what
 * others added, and what the server fills in, is theirs.
 */
export function drift(wanted: unknown, live: unknown): string[] {
  return differences('', wanted, live).slice(0, most);
}

function differences(where: string, wanted: unknown, live: unknown): string[] {
  if (Array.isArray(wanted)) return lists(where, wanted, Array.isArray(live) ? live : []);
  if (isRecord(wanted)) {
    const found = isRecord(live) ? live : {};
    return Object.entries(wanted).flatMap(([key, value]) =>
      differences(where === '' ? key : `${where}.${key}`, value, found[key]),
    );
  }
  return same(wanted, live) ? [] : [`${where}: ${text(live)} instead of ${text(wanted)}`];
}

function lists(where: string, wanted: readonly unknown[], live: readonly unknown[]): string[] {
  const key = keys.find((name) => {
    const values = wanted.flatMap((one) => (isRecord(one) && name in one ? [one[name]] : []));
    return values.length === wanted.length && new Set(values).size === values.length;
  });
  if (key === undefined) {
    if (wanted.every((one) => !isRecord(one)))
      return JSON.stringify(wanted) === JSON.stringify(live)
        ? []
        : [`${where}: ${text(live)} instead of ${text(wanted)}`];
    return wanted.flatMap((one, index) => differences(`${where}[${index}]`, one, live[index]));
  }
  const found = new Map(live.flatMap((one) => (isRecord(one) ? [[one[key], one] as const] : [])));
  return wanted.flatMap((one) => {
    const name = isRecord(one) ? one[key] : undefined;
    const there = found.get(name);
    return there === undefined
      ? [`${where}[${String(name)}]: is gone`]
      : differences(`${where}[${String(name)}]`, one, there);
  });
}

/** The server leaves out what is nothing. */
function same(wanted: unknown, live: unknown): boolean {
  if (wanted === live) return true;
  return live === undefined && (wanted === '' || wanted === false || wanted === 0);
}

function text(value: unknown): string {
  if (value === undefined) return 'nothing';
  const said = typeof value === 'string' ? value : JSON.stringify(value);
  return said.length > 60 ? `${said.slice(0, 60)}…` : said;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
