import type { Page, PageRequest } from '../calls/index.ts';
import { Failure } from '../kit/index.ts';

/** Where a shelf writes through to. */
interface Keeper<T> {
  save(row: T): Promise<void>;
  delete(id: string): Promise<void>;
}

/**
 * The rows of one kind, in memory, found by id and by one more name that is unique. A change is seen at once, so
 * that two requests cannot both take a name; it is undone when it could not be kept.
 */
export class Shelf<T extends { id: string }> {
  #rows = new Map<string, T>();
  #byName = new Map<string, T>();
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

  /** Adds the row, or puts it in the place of the one with its id. */
  async put(row: T): Promise<T> {
    const before = this.#rows.get(row.id);
    this.#place(row);
    try {
      await this.#keeper.save(row);
    } catch (error) {
      if (before) this.#place(before);
      else this.#take(row.id);
      throw error;
    }
    return row;
  }

  async remove(id: string): Promise<void> {
    const row = this.#take(id);
    try {
      await this.#keeper.delete(id);
    } catch (error) {
      if (row) this.#place(row);
      throw error;
    }
  }

  /** Changes or removes a row that the store has changed or removed by itself. */
  follow(id: string, row?: T): void {
    if (row) this.#place(row);
    else this.#take(id);
  }

  /** Newest first. */
  page(wanted: (row: T) => boolean, { limit, cursor }: PageRequest): Page<T> {
    const after = cursor === undefined ? undefined : this.#idOf(cursor);
    const rows = [...this.#rows.values()].reverse();
    const rest = rows.filter((row) => (after === undefined || row.id < after) && wanted(row));
    const data = rest.slice(0, limit);
    const last = data.at(-1);
    const more = last && rest.length > limit;
    return { data, nextCursor: more ? Buffer.from(last.id).toString('base64url') : null };
  }

  #idOf(cursor: string): string {
    const id = Buffer.from(cursor, 'base64url').toString();
    if (/^[a-z]+_\w[\w.]*$/.test(id)) return id;
    throw new Failure('invalid_cursor', 'cursor is not one that this list has given out');
  }

  #place(row: T): void {
    this.#version += 1;
    const before = this.#rows.get(row.id);
    if (before) this.#byName.delete(this.#nameOf(before));
    this.#rows.set(row.id, row);
    this.#byName.set(this.#nameOf(row), row);
  }

  #take(id: string): T | undefined {
    this.#version += 1;
    const row = this.#rows.get(id);
    if (row) this.#byName.delete(this.#nameOf(row));
    this.#rows.delete(id);
    return row;
  }
}
