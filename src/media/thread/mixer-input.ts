import { FRAME_SAMPLES } from '../../audio/index.ts';
import type { RtpHeader } from '../../rtp/index.ts';
import type { Mixer } from './mixer.ts';

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
