import { findPackageJSON } from 'node:module';
import { pathToFileURL } from 'node:url';
import { FRAME_SAMPLES, SAMPLE_RATE } from '../frame.ts';
import { type Codec, LONGEST_PAYLOAD } from './codec.ts';

/** OPUS_APPLICATION_VOIP of opus_defines.h. */
const VOIP = 2048;
const SET_BITRATE = 4002;
const SET_COMPLEXITY = 4010;

/** Our sound ends at 4 kHz: a higher bit rate is not audible. */
const BITS_PER_SECOND = 24_000;
/** 0–10. Each step costs CPU, and above 5 a voice hardly sounds better. */
const COMPLEXITY = 5;
/** No packet decodes to more than 120 ms (RFC 6716 §3.2.5). */
const MAX_SAMPLES = (SAMPLE_RATE * 120) / 1000;
/** A datagram is not longer. */
const MAX_PACKET = 65_536;

/** The functions of libopus that this file uses, as the WebAssembly module exports them. */
interface Libopus {
  /** Views of its memory; replaced whenever the memory grows. */
  readonly HEAPU8: Uint8Array;
  readonly HEAP16: Int16Array;
  _malloc(bytes: number): number;
  _oc_create_encoder(rate: number, channels: number, application: number, error: number): number;
  _oc_create_decoder(rate: number, channels: number, error: number): number;
  _oc_destroy_encoder(encoder: number): void;
  _oc_destroy_decoder(decoder: number): void;
  _oc_encoder_ctl(encoder: number, request: number, value: number): number;
  _oc_encode(encoder: number, pcm: number, samples: number, packet: number, maxBytes: number): number;
  _oc_decode(
    decoder: number,
    packet: number,
    bytes: number,
    pcm: number,
    maxSamples: number,
    fec: 0 | 1,
  ): number;
}

/** libopus and buffers in its memory. All codecs of a thread share them, because each call ends before the next. */
interface Loaded {
  libopus: Libopus;
  packetAt: number;
  samplesAt: number;
  errorAt: number;
}

let loading: Promise<Loaded> | undefined;
let loaded: Loaded | undefined;

/**
 * Loads libopus into this thread, which must happen before the first `OpusCodec`. It takes 10 ms of CPU, so a media thread
 * does it before its first call. Repeated calls have no effect.
 */
export async function loadOpus(): Promise<void> {
  loading ??= load();
  loaded = await loading;
}

async function load(): Promise<Loaded> {
  // The JavaScript API of the package is asynchronous and allocates for every packet: only its WebAssembly is used.
  const manifest = findPackageJSON('libopus-wasm', import.meta.url)!;
  const url = new URL('dist/generated/libopus.generated.mjs', pathToFileURL(manifest));
  const { default: instantiate }: { default: () => Promise<Libopus> } = await import(url.href);
  const libopus = await instantiate();
  return {
    libopus,
    packetAt: libopus._malloc(MAX_PACKET),
    samplesAt: libopus._malloc(MAX_SAMPLES * 2),
    errorAt: libopus._malloc(4),
  };
}

/** Frees the state of a codec that was garbage collected: the memory of libopus is not. */
const collected = new FinalizationRegistry(({ libopus, encoder, decoder }: State) => {
  libopus._oc_destroy_encoder(encoder);
  libopus._oc_destroy_decoder(decoder);
});

interface State {
  libopus: Libopus;
  encoder: number;
  decoder: number;
}

/**
 * Opus (RFC 6716, RFC 7587) with libopus in WebAssembly. A hostile packet cannot reach memory outside the sandbox. The codec
 * uses 8 kHz mono, whatever the far end does.
 */
export class OpusCodec implements Codec {
  /** The RTP clock runs at 48 kHz (RFC 7587 §4.1). */
  readonly ticks = 6;
  #loaded: Loaded;
  #encoder: number;
  #decoder: number;

  constructor() {
    if (!loaded) throw new Error('loadOpus() must be called before the first Opus codec');
    this.#loaded = loaded;
    const { libopus, errorAt } = loaded;
    const encoder = libopus._oc_create_encoder(SAMPLE_RATE, 1, VOIP, errorAt);
    const decoder = libopus._oc_create_decoder(SAMPLE_RATE, 1, errorAt);
    collected.register(this, { libopus, encoder, decoder });
    if (!encoder || !decoder) throw new Error('libopus has no memory for another codec');
    libopus._oc_encoder_ctl(encoder, SET_BITRATE, BITS_PER_SECOND);
    libopus._oc_encoder_ctl(encoder, SET_COMPLEXITY, COMPLEXITY);
    this.#encoder = encoder;
    this.#decoder = decoder;
  }

  decode(packet: Uint8Array, offset: number, length: number, samples: Int16Array): number {
    // libopus conceals an empty payload like a lost packet, but concealment is the task of the jitter buffer.
    if (length === 0 || length > MAX_PACKET) return 0;
    const { libopus, packetAt, samplesAt } = this.#loaded;
    const bytes = libopus.HEAPU8;
    for (let i = 0; i < length; i++) bytes[packetAt + i] = packet[offset + i]!;
    const count = Math.min(this.#decode(length), samples.length);
    const decoded = libopus.HEAP16;
    for (let i = 0; i < count; i++) samples[i] = decoded[samplesAt / 2 + i]!;
    return Math.max(0, count);
  }

  encode(frame: Int16Array, packet: Uint8Array, offset: number): number {
    const { libopus, packetAt, samplesAt } = this.#loaded;
    const samples = libopus.HEAP16;
    for (let i = 0; i < FRAME_SAMPLES; i++) samples[samplesAt / 2 + i] = frame[i]!;
    const length = libopus._oc_encode(this.#encoder, samplesAt, FRAME_SAMPLES, packetAt, LONGEST_PAYLOAD);
    if (length < 0) throw new Error(`libopus could not encode a frame: error ${length}`);
    const bytes = libopus.HEAPU8;
    for (let i = 0; i < length; i++) packet[offset + i] = bytes[packetAt + i]!;
    return length;
  }

  /** @returns samples per channel, negative for an invalid packet. */
  #decode(length: number): number {
    const { libopus, packetAt, samplesAt } = this.#loaded;
    try {
      return libopus._oc_decode(this.#decoder, packetAt, length, samplesAt, MAX_SAMPLES, 0);
    } catch {
      // WebAssembly turns a faulty access into an exception. The packet must not end the session.
      return 0;
    }
  }
}
