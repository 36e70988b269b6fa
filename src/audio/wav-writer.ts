import { SAMPLE_RATE } from './frame.ts';

/** Octets before the samples in every WAV file that is written here. */
export const WAV_HEADER = 44;

/**
 * The size that means "until the end of the file"; ffmpeg and sox read it so too. RIFF sizes have 32 bits, so a file ends
 * at 4 GiB: 37 hours of two channels at 8 kHz.
 */
const UNKNOWN = 0xffffffff;
const PCM = 1;

/**
 * Makes the header of a WAV file of 16-bit samples.
 * @param dataLength octets of samples, or null for a file that is still being written: players read it to its end.
 */
export function wavHeader(channels: number, dataLength: number | null, sampleRate = SAMPLE_RATE): Buffer {
  const header = Buffer.alloc(WAV_HEADER);
  header.write('RIFF', 0, 'latin1');
  header.write('WAVEfmt ', 8, 'latin1');
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(PCM, 20);
  header.writeUInt16LE(channels, 22);
  header.writeUInt32LE(sampleRate, 24);
  header.writeUInt32LE(sampleRate * channels * 2, 28);
  header.writeUInt16LE(channels * 2, 32);
  header.writeUInt16LE(16, 34);
  header.write('data', 36, 'latin1');
  patchSizes(header, dataLength);
  return header;
}

/** Writes the length of the samples into a header that `wavHeader` made. */
export function patchSizes(header: Buffer, dataLength: number | null): void {
  const known = dataLength !== null && dataLength <= UNKNOWN - WAV_HEADER;
  header.writeUInt32LE(known ? dataLength + WAV_HEADER - 8 : UNKNOWN, 4);
  header.writeUInt32LE(known ? dataLength : UNKNOWN, 40);
}

/** Makes a whole WAV file. Channels that are shorter than others end in silence. */
export function wavFile(channels: Int16Array[], sampleRate = SAMPLE_RATE): Buffer {
  const count = channels.length;
  const length = Math.max(...channels.map((samples) => samples.length));
  const data = Buffer.alloc(length * count * 2);
  channels.forEach((samples, channel) => {
    for (let at = 0; at < samples.length; at++) data.writeInt16LE(samples[at]!, (at * count + channel) * 2);
  });
  return Buffer.concat([wavHeader(count, data.length, sampleRate), data]);
}
