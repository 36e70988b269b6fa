import { Failure } from '../core/index.ts';

const PLACES = 100;

/** A participant's place in a room. */
export interface Seat {
  /** Resolves when somebody whose leaving ends the room has left it. */
  readonly ended: Promise<void>;
  /** Idempotent. */
  leave(): void;
}

interface Room {
  seats: Set<Seat>;
  ended: PromiseWithResolvers<void>;
}

/** Who sits in which conference. What they hear of each other is the media room's business. */
export class Rooms {
  #rooms = new Map<string, Room>();

  get size(): number {
    return this.#rooms.size;
  }

  /**
   * Takes a seat in the room of this name, which is opened by its first participant and gone with its last.
   * @param endOnExit the room ends for all when this participant leaves it.
   * Fails with `conference_full` when 100 are in it.
   */
  enter(name: string, endOnExit: boolean): Seat {
    const room = this.#rooms.get(name) ?? this.#open(name);
    if (room.seats.size >= PLACES)
      throw new Failure('conference_full', `The room has ${PLACES} participants.`);
    const leave = () => {
      if (!room.seats.delete(seat)) return;
      if (endOnExit) room.ended.resolve();
      if ((endOnExit || room.seats.size === 0) && this.#rooms.get(name) === room) this.#rooms.delete(name);
    };
    const seat: Seat = { ended: room.ended.promise, leave };
    room.seats.add(seat);
    return seat;
  }

  #open(name: string): Room {
    const room: Room = { seats: new Set(), ended: Promise.withResolvers<void>() };
    this.#rooms.set(name, room);
    return room;
  }
}
