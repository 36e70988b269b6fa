/** `num_digits` becomes `numDigits`. */
type Camel<Text> = Text extends `${infer Head}_${infer Tail}` ? `${Head}${Capitalize<Camel<Tail>>}` : Text;

export type CamelCased<Fields> = { [Name in keyof Fields as Camel<Name>]: Fields[Name] };

/** The same fields under camelCase names. Values are left as they are. */
export function camelCased<Fields extends object>(fields: Fields): CamelCased<Fields> {
  const entries = Object.entries(fields).map(([name, value]) => [camel(name), value]);
  return Object.fromEntries(entries) as CamelCased<Fields>;
}

const camel = (name: string): string => name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());
