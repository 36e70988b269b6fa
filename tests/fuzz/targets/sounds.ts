import { createMp3Encoder } from 'wasm-media-encoders';
import { createSoundDecoder } from '../../../src/audio/index.ts';
import { decodeSound } from '../../../src/audio/sound-file.ts';
import { wavHeader } from '../../../src/audio/wav-writer.ts';
import { Failure, silentLog, systemClock } from '../../../src/core/index.ts';
import type { RandomChoice } from '../random-choice.ts';
import { type Subject, stateless, type Target, type Verdict } from '../target.ts';

/** Most decoded samples: half an hour. */
const MAX_SAMPLES = 1800 * 8000;

async function verdictOf(decode: () => Promise<{ samples: Int16Array }>): Promise<Verdict> {
  try {
    const { samples } = await decode();
    if (samples.length > MAX_SAMPLES + 8000) throw new Error(`${samples.length} samples`);
    return 'accepted';
  } catch (error) {
    if (error instanceof Failure && error.code === 'unsupported_sound') return 'refused';
    throw error;
  }
}

const wavFile = (channels: number, rate: number): Buffer =>
  Buffer.concat([wavHeader(channels, 640, rate), Buffer.alloc(640, 0x11)]);

function writeWav(random: RandomChoice): Buffer {
  const file = wavFile(1 + random.int(9), random.pick([0, 1, 8000, 44_100, 192_000, 4_000_000]));
  file.writeUInt16LE(random.pick([0, 1, 3, 6, 7, 0xfffe, 80]), 20);
  file.writeUInt16LE(random.pick([0, 1, 8, 16, 24, 32, 64, 65_535]), 34);
  file.writeUInt32LE(random.pick([0, 1, 16, 640, 0x7fffffff, 0xffffffff]), random.pick([4, 16, 40]));
  return file;
}

/** WAV files of customers. */
export const wav: Target = {
  name: 'wav',
  share: 27,
  corpus: [wavFile(1, 8000), wavFile(2, 44_100)],
  generate: writeWav,
  open: stateless((input) => verdictOf(() => decodeSound(isMp3(input) ? Buffer.alloc(0) : input))),
};

/** MP3 input belongs to the other target, whose decoder needs its own thread. */
const isMp3 = (input: Buffer) => input.toString('latin1', 0, 4) !== 'RIFF';

async function openMp3(): Promise<Subject> {
  const decoder = createSoundDecoder({ clock: systemClock, log: silentLog });
  return {
    process: (input) => verdictOf(() => decoder.decode(input)),
    settle: async () => [],
    close: () => decoder.close(),
  };
}

async function mp3File(): Promise<Buffer> {
  const encoder = await createMp3Encoder();
  encoder.configure({ channels: 1, sampleRate: 44_100, bitrate: 64 });
  const samples = Float32Array.from({ length: 5000 }, (_, i) => Math.sin(i / 20));
  return Buffer.concat([Buffer.from(encoder.encode([samples])), Buffer.from(encoder.finalize())]);
}

const tagged = (file: Buffer) =>
  Buffer.concat([Buffer.from('ID3\x03\0\0\0\0\0\x0a0123456789', 'latin1'), file]);
const file = await mp3File();

/** MP3 files of customers, decoded in the decoder thread. */
export const mp3: Target = { name: 'mp3', share: 1, corpus: [file, tagged(file)], open: openMp3 };
