import { setImmediate as yieldThread } from 'node:timers/promises';
import { type Expression, type Kysely, type SqlBool, sql } from 'kysely';
import type { Page, PageRequest } from '../calls/index.ts';
import { decodeCursor, encodeCursor, type Order, usablePosition } from './cursor.ts';

import type { RowReader } from './row-reader.ts';
import type { Tables, Value } from './tables/index.ts';

/** The most bytes of text in a page with several rows: reading more would block the main thread. */
export const PAGE_BYTES = 1024 * 1024;
/** Rows that are examined for one page when no index finds the wanted rows. */
export const SCANNED_ROWS = 2_000;

export type Condition = [column: string, operator: '=' | 'is' | '<' | '>=', value: Value];

/** A list of records, newest or oldest first. */
export interface Listing<T extends object> {
  table: keyof Tables;
  reader: RowReader<T>;
  /** The column that identifies a row of the list. */
  key: string;
  /** Columns that may contain long texts. */
  longColumns: readonly (keyof T & string)[];
  order: Order;
  /** Conditions that an index in this order serves. */
  indexed: readonly Condition[];
  /** Conditions that are checked row by row, for the next `SCANNED_ROWS` rows. */
  unindexed?: readonly Condition[];
  matching?: Expression<SqlBool> | undefined;
  /** Returns keys of damaged rows, which are skipped. */
  damagedKeys?: () => string[];
}

/** The tables for queries whose table is known only at run time. */
type Rows = Record<string, Record<string, Value>>;

interface Scanned extends Record<string, Value> {
  bytes: number;
  wanted: number;
}

/**
 * Reads a page in two steps. The first reads keys and sizes, without long texts; the second as many whole rows as fit
 * into `PAGE_BYTES`, but at least one. A page may have fewer rows than requested, even none, and still have a next page.
 */
export async function readPage<T extends object>(
  db: Kysely<Tables>,
  listing: Listing<T>,
  page: PageRequest,
): Promise<Page<T>> {
  const isScan = (listing.unindexed?.length ?? 0) > 0 || listing.matching !== undefined;
  const maxRows = isScan ? SCANNED_ROWS : page.limit;
  const rows = await scan(db, listing, page.cursor, maxRows + 1);
  const keys: Value[] = [];
  let bytes = 0;
  let last: Scanned | undefined;
  let isFull = false;
  for (const row of rows.slice(0, maxRows)) {
    isFull =
      Boolean(row.wanted) &&
      (keys.length === page.limit || (keys.length > 0 && bytes + row.bytes > PAGE_BYTES));
    if (isFull) break;
    last = row;
    if (!row.wanted) continue;
    keys.push(row[listing.key]!);
    bytes += row.bytes;
  }
  const more = last && (isFull || rows.length > maxRows);
  const values = listing.order.columns.map((column) => last?.[column]);
  const position = more ? usablePosition(values, listing.order) : undefined;
  return { data: await load(db, listing, keys), nextCursor: position ? encodeCursor(position) : null };
}

/** Reads the first rows of a list: at most `limit`, and `maxBytes` of text. @returns `more` if other rows follow. */
export async function readMany<T extends object>(
  db: Kysely<Tables>,
  listing: Listing<T>,
  limit: number,
  maxBytes: number,
): Promise<{ data: T[]; more: boolean }> {
  const rows = await scan(db, listing, undefined, limit + 1);
  const { data, read } = await loadInTurns(db, listing, rows.slice(0, limit) as Sized[], maxBytes);
  return { data, more: read < rows.length };
}

/** The key and the size of a row that is to be read. */
export type Sized = Record<string, Value> & { bytes: number };

/** Rows that are read in one turn of the event loop. */
const TURN_ROWS = 100;

/**
 * Reads whole rows up to `maxBytes` of text, but at least one. Yields the thread after each mebibyte.
 * @returns the usable rows, and how many rows were `read`.
 */
export async function loadInTurns<T extends object>(
  db: Kysely<Tables>,
  listing: Listing<T>,
  rows: readonly Sized[],
  maxBytes: number,
): Promise<{ data: T[]; read: number }> {
  const data: T[] = [];
  let total = 0;
  let from = 0;
  while (from < rows.length && (from === 0 || total + rows[from]!.bytes <= maxBytes)) {
    const until = endOfTurn(rows, from);
    const turn = rows.slice(from, until);
    data.push(
      ...(await load(
        db,
        listing,
        turn.map((row) => row[listing.key]!),
      )),
    );
    total += turn.reduce((sum, { bytes }) => sum + bytes, 0);
    from = until;
    await yieldThread();
  }
  return { data, read: from };
}

function endOfTurn(rows: readonly Sized[], from: number): number {
  let until = from + 1;
  let bytes = rows[from]!.bytes;
  while (until < Math.min(rows.length, from + TURN_ROWS) && bytes + rows[until]!.bytes <= PAGE_BYTES)
    bytes += rows[until++]!.bytes;
  return until;
}

function scan<T extends object>(
  db: Kysely<Tables>,
  { table, key, longColumns, order, indexed, unindexed = [], matching, damagedKeys = () => [] }: Listing<T>,
  cursor: string | undefined,
  limit: number,
): Promise<Scanned[]> {
  const size = sql.join(
    longColumns.map((column) => sql`coalesce(octet_length(${sql.ref(column)}), 0)`),
    sql` + `,
  );
  let query = rowsOf(db, table).select([...new Set([key, ...order.columns])]);
  for (const condition of indexed) query = query.where(...condition);
  const damaged = damagedKeys();
  if (damaged.length > 0) query = query.where(key, 'not in', damaged);
  if (cursor) {
    const after = decodeCursor(cursor, order.kinds);
    const columns = sql.join(order.columns.map((column) => sql.ref(column)));
    query = query.where(
      sql<boolean>`(${columns}) ${sql.raw(order.descending ? '<' : '>')} (${sql.join(after)})`,
    );
  }
  for (const column of order.columns) query = query.orderBy(column, order.descending ? 'desc' : 'asc');
  const wanted = query.select((eb) => {
    const all = [...unindexed.map((condition) => eb(...condition)), ...(matching ? [matching] : [])];
    return [
      sql<number>`${size}`.as('bytes'),
      eb.case().when(eb.and(all)).then(eb.lit(1)).else(eb.lit(0)).end().as('wanted'),
    ];
  });
  return wanted.limit(limit).execute() as Promise<unknown> as Promise<Scanned[]>;
}

async function load<T extends object>(
  db: Kysely<Tables>,
  { table, key, reader, indexed }: Listing<T>,
  keys: Value[],
): Promise<T[]> {
  if (keys.length === 0) return [];
  let query = rowsOf(db, table)
    .selectAll()
    .where(key, 'in', keys as string[]);
  for (const condition of indexed) query = query.where(...condition);
  const rows = new Map<Value, object>((await query.execute()).map((row) => [row[key]!, row]));
  // A row may be deleted between the two steps.
  return reader.all(keys.flatMap((each) => rows.get(each) ?? []));
}

const rowsOf = (db: Kysely<Tables>, table: keyof Tables) =>
  (db as unknown as Kysely<Rows>).selectFrom(table as string);
