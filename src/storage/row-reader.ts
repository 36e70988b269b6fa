import type { z } from 'zod';
import { Failure } from '../core/index.ts';
import type { Layout, Value } from './layouts.ts';
import type { Quarantine } from './quarantine.ts';

/** Where a record lies, what its columns hold, and what names a row of it. */
export interface RowKind<T> {
  /** As the database has it. */
  table: string;
  layout: Layout<T>;
  schema: z.ZodType;
  /** The columns, in camelCase, that name a row: `id` unless said otherwise. */
  key?: readonly string[];
}

/** Faults of a row that are told of: enough to know what to do. */
const MOST_FAULTS = 5;

/** Makes records of rows. What a row holds is checked, whoever wrote it: a file can be damaged, or edited. */
export class RowReader<T extends object> {
  #kind: RowKind<T>;
  #quarantine: Quarantine;

  constructor(kind: RowKind<T>, quarantine: Quarantine) {
    this.#kind = kind;
    this.#quarantine = quarantine;
  }

  /** @throws Failure `stored_row_unusable`; the row is in quarantine then. */
  one(row: object): T {
    const { table } = this.#kind;
    const { record, faults } = this.#read(row);
    const id = this.#idOf(row);
    if (faults.length === 0) {
      this.#quarantine.wasRead(table, id);
      return record;
    }
    const reason = faults.slice(0, MOST_FAULTS).join('; ');
    this.#quarantine.quarantine({ table, id, reason }, true);
    throw new Failure('stored_row_unusable', `the row ${id} of ${table} cannot be used: ${reason}`);
  }

  /** Those that can be used: the others are in quarantine. */
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
    const columns = this.#kind.key ?? ['id'];
    return columns.map((column) => nameOf((row as Record<string, unknown>)[column])).join('/');
  }

  #read(row: object): { record: T; faults: string[] } {
    const { layout, schema } = this.#kind;
    const record: Record<string, unknown> = {};
    const faults: string[] = [];
    for (const property in layout) {
      const value = (row as Record<string, Value>)[property] ?? null;
      try {
        record[property] = decode(layout[property], value);
      } catch {
        faults.push(
          `${snakeCase(property)}: is not ${layout[property] === 'json' ? 'valid JSON' : '0 or 1'}`,
        );
      }
    }
    if (faults.length > 0) return { record: record as T, faults };
    const { error } = schema.safeParse(record);
    for (const { path, message } of error?.issues ?? []) {
      faults.push(`${path.map((part) => snakeCase(String(part))).join('.')}: ${message}`);
    }
    return { record: record as T, faults };
  }
}

function decode(kind: 'plain' | 'json' | 'flag', value: Value): unknown {
  if (kind === 'plain') return value;
  if (kind === 'json') return value === null ? null : JSON.parse(value as string);
  if (value !== 0 && value !== 1) throw new TypeError('not a flag');
  return value === 1;
}

const snakeCase = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** A key as text, whatever it is. */
const nameOf = (value: unknown): string =>
  value instanceof Uint8Array
    ? `x'${Buffer.from(value).toString('hex').slice(0, 64)}'`
    : String(value).slice(0, 200);
