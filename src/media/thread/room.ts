import { Mix } from '../../audio/index.ts';
import { RoomHearer, RoomTeller } from './room-link.ts';
import type { Seat } from './seat.ts';

/** What the mixing of one room needs; rooms are mixed one after the other and share it. */
export class Mixer {
  readonly said = new Mix();
  readonly kept = new Mix();
}

/** Those who hear each other: all on this thread, and the sums of those on others. */
export class Room {
  readonly seats = new Set<Seat>();
  #mixer: Mixer;
  #teller: RoomTeller | null = null;
  #hearers: RoomHearer[] = [];

  constructor(mixer: Mixer) {
    this.#mixer = mixer;
  }

  /** Where this thread tells what is said here, and where others do. */
  link(own: SharedArrayBuffer | null, others: SharedArrayBuffer[]): void {
    this.#teller = own && new RoomTeller(own);
    this.#hearers = others.map((memory) => new RoomHearer(memory));
  }

  /** The other one, where there are two and nobody else anywhere. */
  partner(seat: Seat): Seat | undefined {
    if (this.seats.size !== 2 || this.#teller) return undefined;
    for (const other of this.seats) if (other !== seat) return other;
    return undefined;
  }

  /** From what all say in this beat to what each of them hears in it. */
  mix(): void {
    if (this.seats.size === 2 && !this.#teller) this.#exchange();
    else this.#mixAll();
  }

  #exchange(): void {
    for (const seat of this.seats) {
      const { said, saidKept } = this.partner(seat)!;
      seat.heard = seat.listens ? said : null;
      seat.heardKept = seat.listens ? saidKept : null;
    }
  }

  #mixAll(): void {
    const { said, kept } = this.#mixer;
    said.clear();
    kept.clear();
    const allKept = this.#sum(said, kept);
    for (const seat of this.seats) {
      const heard = seat.listens ? said.without(seat.said, seat.mixed) : null;
      seat.heard = heard;
      seat.heardKept = allKept || !seat.listens ? heard : kept.without(seat.saidKept, seat.mixedKept);
    }
  }

  /** @returns whether all that is said may be kept: then `kept` is left empty. */
  #sum(said: Mix, kept: Mix): boolean {
    let allKept = this.#teller === null;
    for (const seat of this.seats) {
      if (seat.said) said.add(seat.said);
      if (seat.said !== seat.saidKept) allKept = false;
    }
    if (!allKept) for (const seat of this.seats) if (seat.saidKept) kept.add(seat.saidKept);
    this.#teller?.tell(said, kept);
    for (const hearer of this.#hearers) hearer.hear(said, kept);
    return allKept;
  }
}

/** The rooms of one thread, by name. */
export class Rooms {
  #rooms = new Map<string, Room>();
  #mixer = new Mixer();

  enter(name: string, seat: Seat): Room {
    const room = this.#rooms.get(name) ?? new Room(this.#mixer);
    this.#rooms.set(name, room);
    room.seats.add(seat);
    return room;
  }

  leave(name: string, seat: Seat): void {
    const room = this.#rooms.get(name);
    room?.seats.delete(seat);
    if (room?.seats.size === 0) this.#rooms.delete(name);
    seat.heard = seat.heardKept = null;
  }

  link(name: string, own: SharedArrayBuffer | null, others: SharedArrayBuffer[]): void {
    this.#rooms.get(name)?.link(own, others);
  }

  /** @param failed gets a room that could not be mixed. The other rooms are mixed all the same. */
  mix(failed: (room: Room, error: unknown) => void): void {
    for (const room of this.#rooms.values()) {
      try {
        room.mix();
      } catch (error) {
        failed(room, error);
      }
    }
  }
}
