import { type FileHandle, open } from 'node:fs/promises';

/** What the header of a WAV file of 16-bit samples says. */
export interface WavHeader {
  channels: number;
  sampleRate: number;
  /** Octets of one sample of all channels. */
  frameBytes: number;
  /** Where the samples begin. */
  dataOffset: number;
  /** Octets of samples, as the header has it: wrong while the file is being written. */
  dataBytes: number;
}

/** Reads the chunks up to the samples; undefined when there is no such header. */
export async function readWavHeader(file: FileHandle): Promise<WavHeader | undefined> {
  const { buffer: head, bytesRead } = await file.read(Buffer.alloc(4096), 0, 4096, 0);
  if (head.toString('latin1', 0, 4) !== 'RIFF' || head.toString('latin1', 8, 12) !== 'WAVE') return undefined;
  let format: Pick<WavHeader, 'channels' | 'sampleRate' | 'frameBytes'> | undefined;
  for (let at = 12; at + 8 <= bytesRead; ) {
    const name = head.toString('latin1', at, at + 4);
    const length = head.readUInt32LE(at + 4);
    if (name === 'fmt ' && at + 24 <= bytesRead) format = readFormat(head, at + 8);
    if (name === 'data') return format && { ...format, dataOffset: at + 8, dataBytes: length };
    // A chunk of odd length is followed by one octet of padding.
    at += 8 + length + (length % 2);
  }
  return undefined;
}

/** Plain 16-bit samples (format 1) and nothing else. */
function readFormat(
  head: Buffer,
  at: number,
): Pick<WavHeader, 'channels' | 'sampleRate' | 'frameBytes'> | undefined {
  const channels = head.readUInt16LE(at + 2);
  if (head.readUInt16LE(at) !== 1 || head.readUInt16LE(at + 14) !== 16 || channels === 0) return undefined;
  return { channels, sampleRate: head.readUInt32LE(at + 4), frameBytes: 2 * channels };
}

/**
 * Makes a WAV file playable that was not closed: cut to whole samples, its sizes as the file is. The same file
 * can be repaired again and again.
 * @returns samples per channel, 0 when it holds no sound yet, and their rate; undefined when it is no such file.
 */
export async function repairWav(path: string): Promise<{ samples: number; sampleRate: number } | undefined> {
  const file = await open(path, 'r+');
  try {
    const header = await readWavHeader(file);
    if (!header) return undefined;
    const { size } = await file.stat();
    const samples = Math.max(0, Math.floor((size - header.dataOffset) / header.frameBytes));
    const dataBytes = samples * header.frameBytes;
    await file.truncate(header.dataOffset + dataBytes);
    await writeSize(file, 4, header.dataOffset + dataBytes - 8);
    await writeSize(file, header.dataOffset - 4, dataBytes);
    await file.datasync();
    return { samples, sampleRate: header.sampleRate };
  } finally {
    await file.close();
  }
}

async function writeSize(file: FileHandle, at: number, size: number): Promise<void> {
  const field = Buffer.alloc(4);
  // RIFF counts in 32 bits: beyond that, readers go by the file's length.
  field.writeUInt32LE(Math.min(size, 0xffffffff));
  await file.write(field, 0, 4, at);
}
