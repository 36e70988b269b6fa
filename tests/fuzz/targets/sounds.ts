import { createMp3Encoder } from 'wasm-media-encoders';
import { createSoundDecoder } from '../../../src/audio/index.ts';
import { decodeSound } from '../../../src/audio/sound-file.ts';
import { wavHeader } from '../../../src/audio/wav-writer.ts';
import { Failure, silentLog, systemClock } from '../../../src/core/index.ts';
import type { Chance } from '../chance.ts';
import { type Subject, stateless, type Target, type Verdict } from '../target.ts';

/** Half an hour of sound, and nothing else, comes out of whatever file. */
const LONGEST = 1800 * 8000;

async function verdictOf(decode: () => Promise<{ samples: Int16Array }>): Promise<Verdict> {
  try {
    const { samples } = await decode();
    if (samples.length > LONGEST + 8000) throw new Error(`${samples.length} samples`);
    return 'taken';
  } catch (error) {
    if (error instanceof Failure && error.code === 'unsupported_sound') return 'refused';
    throw error;
  }
}

const wavFile = (channels: number, rate: number): Buffer =>
  Buffer.concat([wavHeader(channels, 640, rate), Buffer.alloc(640, 0x11)]);

function writeWav(chance: Chance): Buffer {
  const file = wavFile(1 + chance.int(9), chance.pick([0, 1, 8000, 44_100, 192_000, 4_000_000]));
  file.writeUInt16LE(chance.pick([0, 1, 3, 6, 7, 0xfffe, 80]), 20);
  file.writeUInt16LE(chance.pick([0, 1, 8, 16, 24, 32, 64, 65_535]), 34);
  file.writeUInt32LE(chance.pick([0, 1, 16, 640, 0x7fffffff, 0xffffffff]), chance.pick([4, 16, 40]));
  return file;
}

/** Customers' WAV files. */
export const wav: Target = {
  name: 'wav',
  share: 27,
  corpus: [wavFile(1, 8000), wavFile(2, 44_100)],
  write: writeWav,
  open: stateless((input) => verdictOf(() => decodeSound(isMp3(input) ? Buffer.alloc(0) : input))),
};

/** Those are the other target's: their decoder is for a thread of its own. */
const isMp3 = (input: Buffer) => input.toString('latin1', 0, 4) !== 'RIFF';

async function openMp3(): Promise<Subject> {
  const decoder = createSoundDecoder({ clock: systemClock, log: silentLog });
  return {
    take: (input) => verdictOf(() => decoder.decode(input)),
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

/** Customers' MP3 files, decoded in the thread that does so in the program. */
export const mp3: Target = { name: 'mp3', share: 1, corpus: [file, tagged(file)], open: openMp3 };
