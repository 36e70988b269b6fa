import { FRAME_SAMPLES, Mix } from '../../audio/index.ts';
import type { RtpHeader } from '../../rtp/index.ts';
import { MixerLinkReader, MixerLinkWriter } from './mixer-link.ts';

/** What an input gets from its partner, where there are exactly two, besides frames. */
export interface FromPartner {
  /** The partner has pressed a key. @param isSecret taps must not have it. */
  digit(digit: string, isSecret: boolean): void;
  /** The partner has received an RTP packet; `header` was read from `bytes`. */
  packet(header: RtpHeader, bytes: Buffer, beat: number): void;
}

/** One party in a mixer: in each beat, `said` goes in, and `heard` comes out. */
export class MixerInput {
  /** The mixer that it has joined. */
  mixer: Mixer | null = null;
  /** Only listens while in this mixer. */
  isMuted = false;
  /** The frame that it says; null for silence. */
  said: Int16Array | null = null;
  /** The same, or null where the taps of others must not have it. */
  saidRecorded: Int16Array | null = null;
  /** Whether it is to hear the others. */
  listens = true;
  /** What the others say, or null for silence. Valid until the next beat. Must not be written to. */
  heard: Int16Array | null = null;
  /** The part of it that taps and streams may have. */
  heardRecorded: Int16Array | null = null;
  /** The codec whose packets may be relayed unchanged; null where their audio is needed here. */
  relays: string | null = null;
  /** Buffers of the mixer. */
  readonly mixed = new Int16Array(FRAME_SAMPLES);
  readonly mixedRecorded = new Int16Array(FRAME_SAMPLES);
  readonly fromPartner: FromPartner;

  constructor(fromPartner: FromPartner) {
    this.fromPartner = fromPartner;
  }

  /** The other input, where there are exactly two on all threads. */
  get partner(): MixerInput | undefined {
    return this.mixer?.partner(this);
  }

  /** The partner, where both relay packets of the same codec. */
  get relayPartner(): MixerInput | undefined {
    const partner = this.relays ? this.partner : undefined;
    return partner?.relays === this.relays ? partner : undefined;
  }
}

/** The sums of one mixer. Mixers are mixed one after the other and share them. */
class Sums {
  readonly said = new Mix();
  readonly recorded = new Mix();
}

/** Inputs that hear each other: all on this thread, and the sums of those on other threads. */
export class Mixer {
  readonly name: string;
  readonly inputs = new Set<MixerInput>();
  #sums: Sums;
  #writer: MixerLinkWriter | null = null;
  #readers: MixerLinkReader[] = [];

  constructor(name: string, sums: Sums) {
    this.name = name;
    this.#sums = sums;
  }

  /** Connects the mixer with other threads: where this one writes its sum, and where they do. */
  link(own: SharedArrayBuffer | null, others: SharedArrayBuffer[]): void {
    this.#writer = own && new MixerLinkWriter(own);
    this.#readers = others.map((memory) => new MixerLinkReader(memory));
  }

  /** The other input, where there are two and none on other threads. */
  partner(input: MixerInput): MixerInput | undefined {
    if (this.inputs.size !== 2 || this.#writer) return undefined;
    for (const other of this.inputs) if (other !== input) return other;
    return undefined;
  }

  /** Makes what each input hears in this beat from what all of them say. */
  mix(): void {
    if (this.inputs.size === 2 && !this.#writer) this.#exchange();
    else this.#mixAll();
  }

  #exchange(): void {
    for (const input of this.inputs) {
      const { said, saidRecorded } = this.partner(input)!;
      input.heard = input.listens ? said : null;
      input.heardRecorded = input.listens ? saidRecorded : null;
    }
  }

  #mixAll(): void {
    const { said, recorded } = this.#sums;
    said.clear();
    recorded.clear();
    const isSame = this.#sum(said, recorded);
    for (const input of this.inputs) {
      const heard = input.listens ? said.without(input.said, input.mixed) : null;
      input.heard = heard;
      input.heardRecorded =
        isSame || !input.listens ? heard : recorded.without(input.saidRecorded, input.mixedRecorded);
    }
  }

  /** @returns whether taps may have everything: then `recorded` is left empty. */
  #sum(said: Mix, recorded: Mix): boolean {
    let isSame = this.#writer === null;
    for (const input of this.inputs) {
      if (input.said) said.add(input.said);
      if (input.said !== input.saidRecorded) isSame = false;
    }
    if (!isSame) for (const input of this.inputs) if (input.saidRecorded) recorded.add(input.saidRecorded);
    this.#writer?.write(said, recorded);
    for (const reader of this.#readers) reader.read(said, recorded);
    return isSame;
  }
}

/** The mixers of one thread, by name. */
export class Mixers {
  #mixers = new Map<string, Mixer>();
  #sums = new Sums();
  #used: (name: string, isUsed: boolean) => void;

  /** @param used called when the first input joins a mixer, and when the last leaves it. */
  constructor(used: (name: string, isUsed: boolean) => void = () => {}) {
    this.#used = used;
  }

  /** Adds an input to the mixer of this name; it leaves any other. */
  join(name: string, input: MixerInput): Mixer {
    if (input.mixer && input.mixer.name !== name) this.leave(input);
    const mixer = this.#mixers.get(name) ?? this.#create(name);
    mixer.inputs.add(input);
    input.mixer = mixer;
    return mixer;
  }

  /** Removes an input from its mixer. Idempotent. */
  leave(input: MixerInput): void {
    const { mixer } = input;
    input.mixer = input.heard = input.heardRecorded = null;
    mixer?.inputs.delete(input);
    if (mixer?.inputs.size !== 0) return;
    this.#mixers.delete(mixer.name);
    this.#used(mixer.name, false);
  }

  link(name: string, own: SharedArrayBuffer | null, others: SharedArrayBuffer[]): void {
    this.#mixers.get(name)?.link(own, others);
  }

  /** @param failed gets a mixer that failed. The others are mixed all the same. */
  mix(failed: (mixer: Mixer, error: unknown) => void): void {
    for (const mixer of this.#mixers.values()) {
      try {
        mixer.mix();
      } catch (error) {
        failed(mixer, error);
      }
    }
  }

  #create(name: string): Mixer {
    const mixer = new Mixer(name, this.#sums);
    this.#mixers.set(name, mixer);
    this.#used(name, true);
    return mixer;
  }
}
