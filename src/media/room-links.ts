import type { Command } from './protocol.ts';
import { ROOM_LINK_BYTES } from './thread/room-link.ts';

interface Thread {
  post(command: Command): void;
}

interface Spread {
  /** How many members each thread has in the room, and where it tells what they say. */
  threads: Map<Thread, { members: number; sums: SharedArrayBuffer }>;
}

/** Knows which room has members on which threads, and links the threads whose members are to hear each other. */
export class RoomLinks {
  #rooms = new Map<string, Spread>();
  /** By session: the room it is in. */
  #places = new Map<number, string>();

  /** The session is in this room from now on, or in none. To be called after the thread was told. */
  move(session: number, thread: Thread, room: string | null): void {
    const before = this.#places.get(session);
    if (before === room || (before === undefined && room === null)) return;
    if (before !== undefined) this.#leave(before, thread);
    if (room === null) this.#places.delete(session);
    else {
      this.#places.set(session, room);
      this.#enter(room, thread);
    }
  }

  #enter(name: string, thread: Thread): void {
    const room = this.#rooms.get(name) ?? { threads: new Map() };
    this.#rooms.set(name, room);
    const own = room.threads.get(thread);
    if (own) own.members++;
    else {
      room.threads.set(thread, { members: 1, sums: new SharedArrayBuffer(ROOM_LINK_BYTES) });
      link(name, room);
    }
  }

  #leave(name: string, thread: Thread): void {
    const room = this.#rooms.get(name)!;
    const own = room.threads.get(thread)!;
    if (--own.members > 0) return;
    room.threads.delete(thread);
    if (room.threads.size === 0) this.#rooms.delete(name);
    else link(name, room);
  }
}

function link(room: string, { threads }: Spread): void {
  const all = [...threads.values()].map(({ sums }) => sums);
  for (const [thread, { sums }] of threads) {
    const others = all.filter((each) => each !== sums);
    thread.post({ do: 'link_room', room, own: others.length > 0 ? sums : null, others });
  }
}
