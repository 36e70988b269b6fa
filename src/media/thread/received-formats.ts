import { type Codec, openCodec, SAMPLE_RATE } from '../../audio/index.ts';
import type { AudioAgreement } from '../sound.ts';

type CodecName = AudioAgreement['codec']['name'];

/**
 * What the payload types of incoming packets stand for. The far end may send any format that was agreed on, and may
 * change it from one packet to the next (RFC 3264 §7).
 */
export class ReceivedFormats {
  #names = new Map<number, CodecName>();
  #clockRates = new Map<number, number>();
  /** Decoders keep their state across changes, and are opened when the first packet needs them. */
  #codecs = new Map<CodecName, Codec>();

  /** @param codec the decoder of the codec that is agreed on first. */
  agree({ codec, telephoneEvent, receives }: AudioAgreement, decoder: Codec): void {
    this.#codecs.set(codec.name, decoder);
    this.#names = new Map();
    this.#clockRates = new Map();
    for (const { name, payloadType } of [codec, ...(receives?.codecs ?? [])])
      if (!this.#names.has(payloadType)) this.#names.set(payloadType, name);
    const events = telephoneEvent ? [telephoneEvent, ...(receives?.telephoneEvents ?? [])] : [];
    for (const { payloadType, clockRate = SAMPLE_RATE } of events)
      if (!this.#names.has(payloadType)) this.#clockRates.set(payloadType, clockRate);
  }

  /** The decoder for packets of sound of this type; undefined: they hold something else. */
  codecOf(payloadType: number): Codec | undefined {
    const name = this.#names.get(payloadType);
    return name && (this.#codecs.get(name) ?? this.#open(name));
  }

  /** Steps of the timestamp in a second, for RFC 4733 events of this type; undefined: they hold something else. */
  eventClockOf(payloadType: number): number | undefined {
    return this.#clockRates.get(payloadType);
  }

  #open(name: CodecName): Codec {
    const codec = openCodec(name);
    this.#codecs.set(name, codec);
    return codec;
  }
}
