import { z } from 'zod';

/** A value that both SQLite and PostgreSQL accept as a parameter. */
export type Value = string | number | null;

/** How a property is stored in its column: unchanged, as JSON text, or as 0 or 1. */
export type Encoding = 'plain' | 'json' | 'flag';

/** A column whose value is not stored as it is. */
export class Encoded<E extends Exclude<Encoding, 'plain'>> {
  readonly encoding: E;
  readonly schema: z.ZodType;

  constructor(encoding: E, schema: z.ZodType) {
    this.encoding = encoding;
    this.schema = schema;
  }
}

/** Stores a property as JSON text; null stays null. */
export const json = (schema: z.ZodType): Encoded<'json'> => new Encoded('json', schema);

/** Stores a boolean as 0 or 1. */
export const flag: Encoded<'flag'> = new Encoded('flag', z.boolean());

/** The valid values of each property of a record. A bare schema stores the property unchanged. */
export type Columns<T> = {
  readonly [K in keyof T]-?: z.ZodType | Encoded<'json'> | Encoded<'flag'>;
};

/** A record as it is stored in its table. */
export type Row<T, C> = {
  [K in keyof T]: K extends keyof C
    ? C[K] extends Encoded<'json'>
      ? string | null
      : C[K] extends Encoded<'flag'>
        ? number
        : T[K]
    : T[K];
};

declare const row: unique symbol;

/** A table whose rows have the type `R` in queries. */
export type TypedTable<T extends object, R> = Table<T> & { readonly [row]?: R };

export type RecordOf<X> = X extends Table<infer T> ? T : never;
export type RowOf<X> = X extends { readonly [row]?: infer R } ? NonNullable<R> : never;

/** A rule about several columns of a row. */
interface RowCheck<T> {
  isValid(record: T): boolean;
  message: string;
}

interface TableOptions<T> {
  /** The properties that identify a row. Default: `id`. */
  key?: readonly string[];
  check?: RowCheck<T>;
}

/** Describes a table: its name, its columns in order, how each is stored, and which rows are valid. */
export class Table<T extends object> {
  /** The name in the database. */
  readonly name: string;
  /** The properties that identify a row. */
  readonly key: readonly string[];
  readonly columns: readonly { property: keyof T & string; column: string; encoding: Encoding }[];
  /** Accepts valid records. */
  readonly schema: z.ZodType;

  constructor(name: string, columns: Columns<T>, { key = ['id'], check }: TableOptions<T> = {}) {
    this.name = name;
    this.key = key;
    const entries = Object.entries(columns) as [keyof T & string, Columns<T>[keyof T]][];
    this.columns = entries.map(([property, column]) => ({
      property,
      column: snakeCase(property),
      encoding: column instanceof Encoded ? column.encoding : 'plain',
    }));
    const schemas = entries.map(([property, column]) => [
      property,
      column instanceof Encoded ? column.schema : column,
    ]);
    const schema: z.ZodType = z.object(Object.fromEntries(schemas));
    this.schema = check ? schema.refine((record) => check.isValid(record as T), check.message) : schema;
  }

  /** Returns the record's values in the order of the columns, as a prepared statement takes them. */
  toParameters(record: T): Value[] {
    const values: Value[] = [];
    for (const { property, encoding } of this.columns) values.push(encode(encoding, record[property]));
    return values;
  }

  /** Returns the record as a row for Kysely. */
  toRow(record: T): Record<string, Value> {
    const row: Record<string, Value> = {};
    for (const { property, encoding } of this.columns) row[property] = encode(encoding, record[property]);
    return row;
  }
}

/** Defines the table of a record type: `tableOf<CallRecord>()('calls', { id: key, … })`. */
export const tableOf =
  <T extends object>() =>
  <C extends Columns<T>>(name: string, columns: C, options?: TableOptions<T>): TypedTable<T, Row<T, C>> =>
    new Table<T>(name, columns, options);

export const snakeCase = (name: string): string =>
  name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

function encode(encoding: Encoding, value: unknown): Value {
  if (encoding === 'plain') return (value ?? null) as Value;
  if (encoding === 'flag') return value ? 1 : 0;
  return value === null || value === undefined ? null : JSON.stringify(value);
}
