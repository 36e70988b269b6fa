import type { Page, PageRequest } from '../calls/index.ts';
import { Failure } from '../core/index.ts';

/** Where a shelf writes through to. */
interface Keeper<T> {
  save(row: T): Promise<void>;
  delete(id: string): Promise<void>;
}

/** A change that the store has not answered yet. */
interface Pending<T> {
  /** What the row was: it is that again when the store refuses the change. */
  before: T | undefined;
  stored: Promise<void>;
}

/**
 * The rows of one kind, in memory, found by id and by one more name that is unique. A change is seen at once, so
 * that two requests cannot both take a name; it is undone when it could not be kept. Changes of one row are made one
 * after the other, each from what the one before has left, so that undoing one never undoes another.
 */
export class Shelf<T extends { id: string }> {
  #rows = new Map<string, T>();
  #byName = new Map<string, T>();
  /** By id: at most one for each row. */
  #pending = new Map<string, Pending<T>>();
  #nameOf: (row: T) => string;
  #keeper: Keeper<T>;
  #version = 0;

  constructor(rows: T[], nameOf: (row: T) => string, keeper: Keeper<T>) {
    this.#nameOf = nameOf;
    this.#keeper = keeper;
    for (const row of rows) this.#place(row);
  }

  /** Another number after each change. */
  get version(): number {
    return this.#version;
  }

  get(id: string): T | undefined {
    return this.#rows.get(id);
  }

  named(name: string): T | undefined {
    return this.#byName.get(name);
  }

  /** In the order of their making. */
  all(): IterableIterator<T> {
    return this.#rows.values();
  }

  /** The rows as they are, and as they would be again if a change under way was refused. */
  *claims(): Generator<T> {
    yield* this.#rows.values();
    for (const { before } of this.#pending.values()) if (before) yield before;
  }

  /** The id of the row that has this name, or would have it again if a change under way was refused. */
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
   * Changes the row with this id, when earlier changes of it are stored or undone.
   * @param make gets the row as it is then, and says what it becomes; undefined removes it. What it throws, this
   * rejects with, and nothing is changed.
   * @returns the row as it is stored.
   */
  async change<R extends T | undefined>(id: string, make: (row: T | undefined) => R): Promise<R> {
    for (let earlier = this.#pending.get(id); earlier; earlier = this.#pending.get(id)) {
      await earlier.stored.catch(() => {});
    }
    const before = this.#rows.get(id);
    const row = make(before);
    if (row === before) return row;
    const pending = { before, stored: Promise.resolve() };
    this.#pending.set(id, pending);
    this.#set(id, row);
    pending.stored = this.#store(id, row, pending);
    await pending.stored;
    return row;
  }

  /** Changes or removes a row that the store has changed or removed by itself. */
  follow(id: string, make: (row: T) => T | undefined): void {
    const row = this.#rows.get(id);
    if (row) this.#set(id, make(row));
    const pending = this.#pending.get(id);
    if (pending?.before) pending.before = make(pending.before);
  }

  /** Newest first. */
  page(wanted: (row: T) => boolean, { limit, cursor }: PageRequest): Page<T> {
    const after = cursor === undefined ? undefined : this.#idOf(cursor);
    const rows = [...this.#rows.values()].reverse();
    const rest = rows.filter((row) => (after === undefined || row.id < after) && wanted(row));
    const data = fitting(rest, limit);
    const last = data.at(-1);
    const more = last && rest.length > data.length;
    return { data, nextCursor: more ? Buffer.from(last.id).toString('base64url') : null };
  }

  #idOf(cursor: string): string {
    const id = Buffer.from(cursor, 'base64url').toString();
    if (/^[a-z]+_\w[\w.]*$/.test(id)) return id;
    throw new Failure('invalid_cursor', 'cursor is not one that this list has given out');
  }

  async #store(id: string, row: T | undefined, pending: Pending<T>): Promise<void> {
    try {
      await (row ? this.#keeper.save(row) : this.#keeper.delete(id));
      this.#pending.delete(id);
    } catch (error) {
      this.#pending.delete(id);
      this.#set(id, pending.before);
      // A removed row that comes back goes to its old place.
      if (!row) this.#rows = new Map([...this.#rows].sort(([a], [b]) => (a < b ? -1 : 1)));
      throw error;
    }
  }

  #set(id: string, row: T | undefined): void {
    if (row) this.#place(row);
    else this.#take(id);
  }

  #place(row: T): void {
    this.#version += 1;
    const before = this.#rows.get(row.id);
    if (before) this.#byName.delete(this.#nameOf(before));
    this.#rows.set(row.id, row);
    this.#byName.set(this.#nameOf(row), row);
  }

  #take(id: string): void {
    this.#version += 1;
    const row = this.#rows.get(id);
    if (row) this.#byName.delete(this.#nameOf(row));
    this.#rows.delete(id);
  }
}

/** A page ends early where its rows hold more than this: it is made into JSON on the main thread. */
const PAGE_CHARACTERS = 1024 * 1024;

/** The first rows, at most `limit` and `PAGE_CHARACTERS`, but one at least. */
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
