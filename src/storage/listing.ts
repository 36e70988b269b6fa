import { setImmediate as othersTurn } from 'node:timers/promises';
import { type Expression, type Kysely, type SqlBool, sql } from 'kysely';
import type { Page, PageRequest } from '../calls/index.ts';
import { decodeCursor, encodeCursor, type Order, usablePosition } from './cursor.ts';
import type { Tables, Value } from './layouts.ts';
import type { RowReader } from './row-reader.ts';

/** A page ends early when its rows hold this many bytes of text: reading more would hold the main thread. */
export const PAGE_BYTES = 1024 * 1024;
/** So many rows are looked through for a page where no index finds the rows that are wanted. */
export const SCANNED_ROWS = 2_000;

export type Condition = [column: string, operator: '=' | 'is' | '<' | '>=', value: Value];

/** A list of records, newest or oldest first. */
export interface Listing<T extends object> {
  table: keyof Tables;
  reader: RowReader<T>;
  /** Names a row among those of the list. */
  key: string;
  /** Columns whose texts can be long. */
  long: readonly (keyof T & string)[];
  order: Order;
  /** What an index in this order finds. */
  indexed: readonly Condition[];
  /** What is looked at row by row, among the next `SCANNED_ROWS` rows. */
  others?: readonly Condition[];
  matching?: Expression<SqlBool> | undefined;
  /** Keys of rows that are known to be damaged: they take no other row's place. */
  without?: () => string[];
}

/** The tables as they are named at run time. */
type Rows = Record<string, Record<string, Value>>;

interface Scanned extends Record<string, Value> {
  bytes: number;
  wanted: number;
}

/**
 * Reads a page in two steps: keys and sizes first, for which no long text is read, then as many whole rows as fit into
 * `PAGE_BYTES`, and one at least. A page can hold fewer rows than asked for, even none, and still have a next one.
 */
export async function readPage<T extends object>(
  db: Kysely<Tables>,
  listing: Listing<T>,
  page: PageRequest,
): Promise<Page<T>> {
  const isScan = (listing.others?.length ?? 0) > 0 || listing.matching !== undefined;
  const most = isScan ? SCANNED_ROWS : page.limit;
  const rows = await scan(db, listing, page.cursor, most + 1);
  const keys: Value[] = [];
  let bytes = 0;
  let last: Scanned | undefined;
  let isFull = false;
  for (const row of rows.slice(0, most)) {
    isFull =
      Boolean(row.wanted) &&
      (keys.length === page.limit || (keys.length > 0 && bytes + row.bytes > PAGE_BYTES));
    if (isFull) break;
    last = row;
    if (!row.wanted) continue;
    keys.push(row[listing.key]!);
    bytes += row.bytes;
  }
  const more = last && (isFull || rows.length > most);
  const values = listing.order.columns.map((column) => last?.[column]);
  const position = more ? usablePosition(values, listing.order) : undefined;
  return { data: await load(db, listing, keys), nextCursor: position ? encodeCursor(position) : null };
}

/** The first rows of a list: at most `limit`, and `maxBytes` of text. @returns `more` where there are others. */
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

/** A row to be read: its key is in the column that the list names. */
export type Sized = Record<string, Value> & { bytes: number };

/** So many rows are read before others have their turn. */
const TURN_ROWS = 100;

/**
 * Reads whole rows up to `maxBytes` of text, and one at least; others have the thread after each mebibyte.
 * @returns those that can be used, and how many were `read`.
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
    const until = turnOf(rows, from);
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
    await othersTurn();
  }
  return { data, read: from };
}

function turnOf(rows: readonly Sized[], from: number): number {
  let until = from + 1;
  let bytes = rows[from]!.bytes;
  while (until < Math.min(rows.length, from + TURN_ROWS) && bytes + rows[until]!.bytes <= PAGE_BYTES)
    bytes += rows[until++]!.bytes;
  return until;
}

function scan<T extends object>(
  db: Kysely<Tables>,
  { table, key, long, order, indexed, others = [], matching, without = () => [] }: Listing<T>,
  cursor: string | undefined,
  limit: number,
): Promise<Scanned[]> {
  const size = sql.join(
    long.map((column) => sql`coalesce(octet_length(${sql.ref(column)}), 0)`),
    sql` + `,
  );
  let query = rowsOf(db, table).select([...new Set([key, ...order.columns])]);
  for (const condition of indexed) query = query.where(...condition);
  const damaged = without();
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
    const all = [...others.map((condition) => eb(...condition)), ...(matching ? [matching] : [])];
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
  // Between the two steps a row may have gone.
  return reader.all(keys.flatMap((each) => rows.get(each) ?? []));
}

const rowsOf = (db: Kysely<Tables>, table: keyof Tables) =>
  (db as unknown as Kysely<Rows>).selectFrom(table as string);
