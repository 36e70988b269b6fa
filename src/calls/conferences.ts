import { Failure } from '../core/index.ts';

const MAX_PARTICIPANTS = 100;

/** A call's place in a conference. */
export interface Participant {
  /** Resolves when a participant leaves whose exit ends the conference. */
  readonly ended: Promise<void>;
  /** Idempotent. */
  leave(): void;
}

interface Conference {
  participants: Set<Participant>;
  ended: PromiseWithResolvers<void>;
}

/** The conferences and their participants. The media module mixes their sound. */
export class Conferences {
  #byName = new Map<string, Conference>();

  /** Conferences that have a participant. */
  get size(): number {
    return this.#byName.size;
  }

  /**
   * Joins the conference of this name. The first participant opens it, and it closes with the last one.
   * @param endOnExit the conference ends for all when this participant leaves.
   * @throws Failure `conference_full` when it has 100 participants.
   */
  join(name: string, endOnExit: boolean): Participant {
    const conference = this.#byName.get(name) ?? this.#open(name);
    const { participants, ended } = conference;
    if (participants.size >= MAX_PARTICIPANTS)
      throw new Failure('conference_full', `The conference has ${MAX_PARTICIPANTS} participants.`);
    const leave = () => {
      if (!participants.delete(participant)) return;
      if (endOnExit) ended.resolve();
      const isOver = endOnExit || participants.size === 0;
      if (isOver && this.#byName.get(name) === conference) this.#byName.delete(name);
    };
    const participant: Participant = { ended: ended.promise, leave };
    participants.add(participant);
    return participant;
  }

  #open(name: string): Conference {
    const conference: Conference = { participants: new Set(), ended: Promise.withResolvers<void>() };
    this.#byName.set(name, conference);
    return conference;
  }
}
