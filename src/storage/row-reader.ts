import { Failure } from '../core/index.ts';
import type { Quarantine } from './quarantine.ts';
import { type Encoding, type RecordOf, snakeCase, type Table, tables, type Value } from './tables/index.ts';

/** Faults of a row that its error names; further ones are left out. */
const MAX_FAULTS = 5;

/** Converts rows to records. Every row is checked, since the file may be damaged or edited. */
export class RowReader<T extends object> {
  #table: Table<T>;
  #quarantine: Quarantine;

  constructor(table: Table<T>, quarantine: Quarantine) {
    this.#table = table;
    this.#quarantine = quarantine;
  }

  /** Converts one row. @throws Failure `stored_row_unusable`; the row is in quarantine then. */
  one(row: object): T {
    const table = this.#table.name;
    const { record, faults } = this.#read(row);
    const id = this.#idOf(row);
    if (faults.length === 0) {
      this.#quarantine.wasRead(table, id);
      return record;
    }
    const reason = faults.slice(0, MAX_FAULTS).join('; ');
    this.#quarantine.quarantine({ table, id, reason }, true);
    throw new Failure('stored_row_unusable', `the row ${id} of ${table} cannot be used: ${reason}`);
  }

  /** Converts the usable rows; the others are in quarantine. */
  all(rows: object[]): T[] {
    return rows.flatMap((row) => {
      try {
        return [this.one(row)];
      } catch (error) {
        if (error instanceof Failure) return [];
        throw error;
      }
    });
  }

  #idOf(row: object): string {
    return this.#table.key.map((property) => keyText((row as Record<string, unknown>)[property])).join('/');
  }

  #read(row: object): { record: T; faults: string[] } {
    const record: Record<string, unknown> = {};
    const faults: string[] = [];
    for (const { property, column, encoding } of this.#table.columns) {
      const value = (row as Record<string, Value>)[property] ?? null;
      try {
        record[property] = decode(encoding, value);
      } catch {
        faults.push(`${column}: is not ${encoding === 'json' ? 'valid JSON' : '0 or 1'}`);
      }
    }
    if (faults.length > 0) return { record: record as T, faults };
    const { error } = this.#table.schema.safeParse(record);
    for (const { path, message } of error?.issues ?? []) {
      faults.push(`${path.map((part) => snakeCase(String(part))).join('.')}: ${message}`);
    }
    return { record: record as T, faults };
  }
}

/** The readers of all tables, by the name that queries use. */
export type Readers = { [K in keyof typeof tables]: RowReader<RecordOf<(typeof tables)[K]>> };

export function readersOf(quarantine: Quarantine): Readers {
  const readers = Object.entries(tables).map(([name, table]) => [
    name,
    new RowReader(table as Table<object>, quarantine),
  ]);
  return Object.fromEntries(readers);
}

function decode(encoding: Encoding, value: Value): unknown {
  if (encoding === 'plain') return value;
  if (encoding === 'json') return value === null ? null : JSON.parse(value as string);
  if (value !== 0 && value !== 1) throw new TypeError('not a flag');
  return value === 1;
}

/** Returns a key as text, whatever a damaged row holds. */
const keyText = (value: unknown): string =>
  value instanceof Uint8Array
    ? `x'${Buffer.from(value).toString('hex').slice(0, 64)}'`
    : String(value).slice(0, 200);
