import { setImmediate as yieldThread } from 'node:timers/promises';
import { type Expression, type Kysely, type SqlBool, sql } from 'kysely';
import type { Page, PageRequest } from '../calls/index.ts';
import { decodeCursor, encodeCursor, type Order, type Position, usablePosition } from './cursor.ts';
import type { RowReader } from './row-reader.ts';
import type { Tables, Value } from './tables/index.ts';

/** The most bytes of text in a page with several rows: reading more would block the main thread. */
export const PAGE_BYTES = 1024 * 1024;
/** Rows that are examined in one turn of the event loop when no index finds the wanted rows. */
export const SCANNED_ROWS = 250;
/** Turns for one page. Then it ends, with fewer rows than requested, or none. */
export const SCAN_TURNS = 40;

export type Condition = [column: string, operator: '=' | 'is', value: Value];

/** A list of records, newest or oldest first. */
export interface Listing<T extends object> {
  table: keyof Tables;
  reader: RowReader<T>;
  /** The column that identifies a row of the list. */
  key: string;
  /** The condition without which the key does not identify a row. */
  parent?: Condition;
  /** Columns that may contain long texts. */
  longColumns: readonly (keyof T & string)[];
  order: Order;
  /** Only rows from one position on, and before another. For descending lists. */
  range?: { from: Position | undefined; before: Position | undefined };
  /** Conditions that an index in this order serves. */
  indexed: readonly Condition[];
  /** The condition of that index if it is partial; one of `PARTIAL`. */
  partial?: Expression<SqlBool> | undefined;
  /** Conditions that are checked row by row, for the next rows only. */
  unindexed?: readonly Condition[];
  /** Returns keys of damaged rows, which are skipped. */
  damagedKeys?: () => string[];
}

/** An index: its columns before those of the order, and its condition if it is partial. */
export interface Index {
  columns: readonly string[];
  partial?: Expression<SqlBool>;
}

/** Splits a filter into the conditions that an index serves and those that are checked row by row. */
export function conditionsOf(
  filter: Record<string, Value | undefined>,
  { columns, partial }: Index,
): Required<Pick<Listing<object>, 'indexed' | 'partial' | 'unindexed'>> {
  const conditions = Object.entries(filter).flatMap(([column, value]): Condition[] =>
    value === undefined ? [] : [[column, '=', value]],
  );
  const isIndexed = ([column]: Condition) => columns.includes(column);
  return {
    indexed: conditions.filter(isIndexed),
    unindexed: conditions.filter((condition) => !isIndexed(condition)),
    partial,
  };
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
  const isScan = (listing.unindexed?.length ?? 0) > 0;
  const maxRows = isScan ? SCANNED_ROWS : page.limit;
  const found = new PageKeys(listing, page.limit);
  let after = page.cursor ? decodeCursor(page.cursor, listing.order.kinds) : undefined;
  for (let turns = 1; ; turns += 1) {
    const rows = await scan(db, listing, after, maxRows + 1);
    found.take(rows.slice(0, maxRows));
    after = found.isFull || rows.length > maxRows ? found.position : undefined;
    if (found.isFull || !after || !isScan || turns === SCAN_TURNS) break;
    await yieldThread();
  }
  return { data: await loadPage(db, listing, found.keys), nextCursor: after ? encodeCursor(after) : null };
}

/** Rows of a page that are read in one turn of the event loop: each may be anywhere on the disk. */
const LOADED_ROWS = 50;

async function loadPage<T extends object>(
  db: Kysely<Tables>,
  listing: Listing<T>,
  keys: Value[],
): Promise<T[]> {
  const data: T[] = [];
  for (let from = 0; from < keys.length; from += LOADED_ROWS) {
    if (from > 0) await yieldThread();
    data.push(...(await load(db, listing, keys.slice(from, from + LOADED_ROWS))));
  }
  return data;
}

/** The keys of the rows of a page, until the page is full. */
class PageKeys {
  readonly keys: Value[] = [];
  isFull = false;
  #listing: Pick<Listing<object>, 'key' | 'order'>;
  #limit: number;
  #bytes = 0;
  #last: Scanned | undefined;

  constructor(listing: Pick<Listing<object>, 'key' | 'order'>, limit: number) {
    this.#listing = listing;
    this.#limit = limit;
  }

  take(rows: Scanned[]): void {
    for (const row of rows) {
      const { length } = this.keys;
      this.isFull =
        Boolean(row.wanted) &&
        (length === this.#limit || (length > 0 && this.#bytes + row.bytes > PAGE_BYTES));
      if (this.isFull) return;
      this.#last = row;
      if (!row.wanted) continue;
      this.keys.push(row[this.#listing.key]!);
      this.#bytes += row.bytes;
    }
  }

  /** After the last row that was taken; undefined where only damaged rows follow. */
  get position(): Position | undefined {
    const { order } = this.#listing;
    if (!this.#last) return undefined;
    return usablePosition(
      order.columns.map((column) => this.#last?.[column]),
      order,
    );
  }
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
  listing: Omit<Listing<T>, 'reader'>,
  after: Position | undefined,
  limit: number,
): Promise<Scanned[]> {
  const { table, key, longColumns, order, range, unindexed = [], damagedKeys = () => [] } = listing;
  const size = sql.join(
    longColumns.map((column) => sql`coalesce(octet_length(${sql.ref(column)}), 0)`),
    sql` + `,
  );
  let query = rowsOf(db, table).select([...new Set([key, ...order.columns])]);
  for (const condition of conditionsOfIndex(listing)) query = query.where(...condition);
  if (listing.partial) query = query.where(listing.partial as Expression<boolean>);
  const damaged = damagedKeys();
  if (damaged.length > 0) query = query.where(key, 'not in', damaged);
  const columns = sql.join(order.columns.map((column) => sql.ref(column)));
  // A second bound in the same direction would make SQLite choose a worse index.
  const end = order.descending ? earlier(after, range?.before) : after;
  if (end)
    query = query.where(
      sql<boolean>`(${columns}) ${sql.raw(order.descending ? '<' : '>')} (${sql.join(end)})`,
    );
  if (range?.from) query = query.where(sql<boolean>`(${columns}) >= (${sql.join(range.from)})`);
  for (const column of order.columns) query = query.orderBy(column, order.descending ? 'desc' : 'asc');
  const wanted = query.select((eb) => {
    const all = eb.and(unindexed.map((condition) => eb(...condition)));
    return [
      sql<number>`${size}`.as('bytes'),
      eb.case().when(all).then(eb.lit(1)).else(eb.lit(0)).end().as('wanted'),
    ];
  });
  return wanted.limit(limit).execute() as Promise<unknown> as Promise<Scanned[]>;
}

/** Returns the position that comes first; positions are compared by their first value. */
function earlier(one: Position | undefined, other: Position | undefined): Position | undefined {
  if (!one || !other) return one ?? other;
  return other[0] <= one[0] ? other : one;
}

const conditionsOfIndex = ({ parent, indexed }: Pick<Listing<object>, 'parent' | 'indexed'>) =>
  parent ? [parent, ...indexed] : indexed;

async function load<T extends object>(
  db: Kysely<Tables>,
  { table, key, parent, reader, indexed }: Listing<T>,
  keys: Value[],
): Promise<T[]> {
  if (keys.length === 0) return [];
  let query = rowsOf(db, table)
    .selectAll()
    .where(key, 'in', keys as string[]);
  if (parent) query = query.where(...parent);
  // The plus keeps SQLite from searching by these columns, which it supposes to be in few rows.
  for (const [column, operator, value] of indexed)
    query = query.where(sql<boolean>`+${sql.ref(column)} ${sql.raw(operator)} ${value}`);
  const rows = new Map<Value, object>((await query.execute()).map((row) => [row[key]!, row]));
  // A row may be deleted between the two steps.
  return reader.all(keys.flatMap((each) => rows.get(each) ?? []));
}

const rowsOf = (db: Kysely<Tables>, table: keyof Tables) =>
  (db as unknown as Kysely<Rows>).selectFrom(table as string);
