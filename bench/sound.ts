/** Measures the processing of 20 ms of audio, step by step, without sockets. */
import { type Codec, LONGEST_PAYLOAD } from '../src/audio/codec/codec.ts';
import { decodeG711, encodeG711, PCMU } from '../src/audio/codec/g711.ts';
import { openCodec } from '../src/audio/codec/open-codec.ts';
import { loadOpus } from '../src/audio/codec/opus.ts';
import { FRAME_SAMPLES } from '../src/audio/frame.ts';
import { toneLevel } from '../src/audio/goertzel.ts';
import { addFrames, Mix } from '../src/audio/mixer.ts';
import { Resampler } from '../src/audio/resampler.ts';
import { ToneDetector } from '../src/audio/tone-detector.ts';
import { JitterBuffer } from '../src/rtp/jitter-buffer.ts';
import { RTP_HEADER, RtpHeader } from '../src/rtp/packet.ts';
import { MASTER_BYTES, RTP_TAG_BYTES, SrtpContext } from '../src/rtp/srtp.ts';
import type { Row } from './row.ts';

const frame = Int16Array.from({ length: FRAME_SAMPLES }, (_, i) => 9000 * Math.sin(i * 0.35));
const out = new Int16Array(FRAME_SAMPLES);
const octets = new Uint8Array(FRAME_SAMPLES);
encodeG711(PCMU, frame, FRAME_SAMPLES, octets);

export async function run(): Promise<Row[]> {
  await loadOpus();
  return [
    row('G.711 decoded', () => decodeG711(PCMU, octets, 0, FRAME_SAMPLES, out), 2),
    row('G.711 encoded', () => encodeG711(PCMU, frame, FRAME_SAMPLES, octets), 2),
    row('G.722 decoded', decoding(openCodec('G722')), 40),
    row('G.722 encoded', encoding(openCodec('G722')), 60),
    row('Opus decoded', decoding(openCodec('opus')), 30),
    row('Opus encoded', encoding(openCodec('opus')), 150),
    row('packet sealed by SRTP', sealing(), 12),
    row('two frames added', () => addFrames(frame, frame, out), 2),
    row('ten parties mixed', tenParties(), 40),
    row('jitter buffer, orderly', throughJitterBuffer(0), 5),
    row('jitter buffer, every tenth packet lost', throughJitterBuffer(10), 15),
    row('one tone heard', () => toneLevel(frame, 1000), 2),
    row('keys listened for in silence', listening(new Int16Array(FRAME_SAMPLES)), 4),
    row('keys listened for in sound', listening(frame), 20),
    row('8 to 16 kHz', resampling(8000, 16_000, frame), 60),
    row('44.1 to 8 kHz', resampling(44_100, 8000, new Int16Array(882)), 150),
  ];
}

function sealing(): () => void {
  const context = new SrtpContext(Buffer.alloc(MASTER_BYTES, 7));
  const packet = Buffer.alloc(RTP_HEADER + FRAME_SAMPLES + RTP_TAG_BYTES);
  const header = new RtpHeader();
  return () => {
    header.sequence = (header.sequence + 1) & 0xffff;
    header.write(packet);
    context.protect(packet, RTP_HEADER + FRAME_SAMPLES);
  };
}

function tenParties(): () => void {
  const mix = new Mix();
  const said = Array.from({ length: 10 }, () => frame.slice());
  return () => {
    mix.clear();
    for (const own of said) mix.add(own);
    for (const own of said) mix.without(own, out);
  };
}

function encoding(codec: Codec): () => void {
  const packet = new Uint8Array(LONGEST_PAYLOAD);
  return () => codec.encode(frame, packet, 0);
}

function decoding(codec: Codec): () => void {
  const packet = new Uint8Array(LONGEST_PAYLOAD);
  const length = codec.encode(frame, packet, 0);
  return () => codec.decode(packet, 0, length, out);
}

/** @param lossEvery one packet of so many is lost; 0 for none. */
function throughJitterBuffer(lossEvery: number): () => void {
  const buffer = new JitterBuffer();
  const codec = openCodec('PCMU');
  const header = new RtpHeader();
  const packet = Buffer.alloc(RTP_HEADER + FRAME_SAMPLES);
  packet.set(octets, RTP_HEADER);
  let n = 0;
  return () => {
    n++;
    header.sequence = n & 0xffff;
    header.timestamp = (n * FRAME_SAMPLES) >>> 0;
    header.write(packet);
    header.read(packet, 0, packet.length);
    if (lossEvery === 0 || n % lossEvery > 0) buffer.push(header, packet, codec);
    buffer.pull(out);
  };
}

function listening(sound: Int16Array): () => void {
  const detector = new ToneDetector(() => {});
  return () => detector.listen(sound);
}

function resampling(from: number, to: number, sound: Int16Array): () => void {
  const resampler = new Resampler(from, to);
  const resampled = new Int16Array(resampler.maxOutput(sound.length));
  return () => resampler.push(sound, resampled);
}

/** CPU time of one run, after it has been made warm. The budgets are two to five times what was measured. */
function row(name: string, work: () => unknown, budget: number): Row {
  const times = 10_000;
  for (let i = 0; i < 2 * times; i++) work();
  const start = process.cpuUsage();
  for (let i = 0; i < times; i++) work();
  const { user, system } = process.cpuUsage(start);
  return { name, value: (user + system) / times, unit: 'µs per 20 ms', budget };
}
