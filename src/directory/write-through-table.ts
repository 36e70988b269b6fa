import type { Page, PageRequest } from '../calls/index.ts';
import { Failure } from '../core/index.ts';

/** Stores the rows of a table durably. */
interface RowStore<T> {
  save(row: T): Promise<void>;
  delete(id: string): Promise<void>;
}

/** A change that the store has not confirmed yet. */
interface PendingChange<T> {
  /** The row before the change. It is restored when the store refuses the change. */
  before: T | undefined;
  stored: Promise<void>;
}

/**
 * Rows of one kind in memory, found by id and by a second unique name, and written through to a store. A change is
 * visible at once, so that two requests cannot take the same name; it is undone when the store refuses it. Changes of
 * one row run one after the other, each on the result of the one before, so that undoing one never undoes another.
 */
export class WriteThroughTable<T extends { id: string }> {
  #rows = new Map<string, T>();
  #byName = new Map<string, T>();
  /** By id: at most one for each row. */
  #pending = new Map<string, PendingChange<T>>();
  #nameOf: (row: T) => string;
  #store: RowStore<T>;
  #version = 0;

  constructor(rows: T[], nameOf: (row: T) => string, store: RowStore<T>) {
    this.#nameOf = nameOf;
    this.#store = store;
    for (const row of rows) this.#insert(row);
  }

  /** A number that differs after each change. */
  get version(): number {
    return this.#version;
  }

  get(id: string): T | undefined {
    return this.#rows.get(id);
  }

  byName(name: string): T | undefined {
    return this.#byName.get(name);
  }

  /** Returns all rows, oldest first. */
  all(): IterableIterator<T> {
    return this.#rows.values();
  }

  /** Returns all rows, and those that come back if the store refuses a pending change. */
  *claims(): Generator<T> {
    yield* this.#rows.values();
    for (const { before } of this.#pending.values()) if (before) yield before;
  }

  /** Returns the id of the row that has this name, or gets it back if the store refuses a pending change. */
  holderOf(name: string): string | undefined {
    const holder = this.#byName.get(name);
    if (holder) return holder.id;
    for (const { before } of this.#pending.values())
      if (before && this.#nameOf(before) === name) return before.id;
    return undefined;
  }

  /** Adds a row with a new id. */
  async put(row: T): Promise<T> {
    await this.change(row.id, () => row);
    return row;
  }

  /**
   * Changes the row with this id, after its earlier changes are stored or undone.
   * @param update gets the current row and returns the new one; undefined removes the row. If it throws, nothing
   * changes and this rejects with the same error.
   * @returns the row as it is stored.
   */
  async change<R extends T | undefined>(id: string, update: (row: T | undefined) => R): Promise<R> {
    for (let earlier = this.#pending.get(id); earlier; earlier = this.#pending.get(id)) {
      await earlier.stored.catch(() => {});
    }
    const before = this.#rows.get(id);
    const row = update(before);
    if (row === before) return row;
    const pending = { before, stored: Promise.resolve() };
    this.#pending.set(id, pending);
    this.#set(id, row);
    pending.stored = this.#write(id, row, pending);
    await pending.stored;
    return row;
  }

  /** Repeats a change or removal that the store has made by itself. */
  applyFromStore(id: string, update: (row: T) => T | undefined): void {
    const row = this.#rows.get(id);
    if (row) this.#set(id, update(row));
    const pending = this.#pending.get(id);
    if (pending?.before) pending.before = update(pending.before);
  }

  /** Returns a page of the wanted rows, newest first. */
  page(wanted: (row: T) => boolean, { limit, cursor }: PageRequest): Page<T> {
    const after = cursor === undefined ? undefined : idOf(cursor);
    const rows = [...this.#rows.values()].reverse();
    const rest = rows.filter((row) => (after === undefined || row.id < after) && wanted(row));
    const data = fitting(rest, limit);
    const last = data.at(-1);
    const more = last && rest.length > data.length;
    return { data, nextCursor: more ? Buffer.from(last.id).toString('base64url') : null };
  }

  async #write(id: string, row: T | undefined, pending: PendingChange<T>): Promise<void> {
    try {
      await (row ? this.#store.save(row) : this.#store.delete(id));
      this.#pending.delete(id);
    } catch (error) {
      this.#pending.delete(id);
      this.#set(id, pending.before);
      // A removed row that comes back returns to its old position.
      if (!row) this.#rows = new Map([...this.#rows].sort(([a], [b]) => (a < b ? -1 : 1)));
      throw error;
    }
  }

  #set(id: string, row: T | undefined): void {
    if (row) this.#insert(row);
    else this.#remove(id);
  }

  #insert(row: T): void {
    this.#version += 1;
    const before = this.#rows.get(row.id);
    if (before) this.#byName.delete(this.#nameOf(before));
    this.#rows.set(row.id, row);
    this.#byName.set(this.#nameOf(row), row);
  }

  #remove(id: string): void {
    this.#version += 1;
    const row = this.#rows.get(id);
    if (row) this.#byName.delete(this.#nameOf(row));
    this.#rows.delete(id);
  }
}

/** The most characters of JSON in a page with several rows: pages are serialized on the main thread. */
const PAGE_CHARACTERS = 1024 * 1024;

/** Returns the first rows, up to `limit` and `PAGE_CHARACTERS`, but at least one. */
function fitting<T>(rows: readonly T[], limit: number): T[] {
  const page: T[] = [];
  let characters = 0;
  for (const row of rows.slice(0, limit)) {
    characters += JSON.stringify(row).length;
    if (page.length > 0 && characters > PAGE_CHARACTERS) break;
    page.push(row);
  }
  return page;
}

function idOf(cursor: string): string {
  const id = Buffer.from(cursor, 'base64url').toString();
  if (/^[a-z]+_\w[\w.]*$/.test(id)) return id;
  throw new Failure('invalid_cursor', 'cursor does not belong to this list');
}
