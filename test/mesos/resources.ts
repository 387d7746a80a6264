export interface Resources {
  readonly cpus: number;
  readonly mem: number;
  readonly ports?: readonly (readonly [first: number, last: number])[];
}

/** As Mesos' v1 API says them (apache/mesos, include/mesos/v1/mesos.proto: Resource). */
export function resourcesOf({ cpus, mem, ports = [] }: Resources): object[] {
  const scalar = (name: string, value: number) => ({ name, type: 'SCALAR', scalar: { value }, role: '*' });
  const range = ports.map(([begin, end]) => ({ begin, end }));
  return [
    scalar('cpus', cpus),
    scalar('mem', mem),
    ...(range.length > 0 ? [{ name: 'ports', type: 'RANGES', ranges: { range }, role: '*' }] : []),
  ];
}

/** A number is a scalar, all else is text (src/common/attributes.cpp: Attributes::parse). */
export function attributesOf(attributes: Readonly<Record<string, string>>): object[] {
  return Object.entries(attributes).map(([name, value]) =>
    /^-?\d+(\.\d+)?$/.test(value)
      ? { name, type: 'SCALAR', scalar: { value: Number(value) } }
      : { name, type: 'TEXT', text: { value } },
  );
}
