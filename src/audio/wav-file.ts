import { type FileHandle, open } from 'node:fs/promises';
import { Failure } from '../core/index.ts';
import { isWav } from './wav-chunks.ts';
import { readWavFormat, type WavFormat } from './wav-reader.ts';

/** The header of a file that is written here has 44 octets; other writers put chunks before the samples. */
const HEAD_BYTES = 4096;

/**
 * Reads the format of an open WAV file of any size; everything behind its header counts as samples. Undefined when it is
 * not a WAV file. Rejects with `unsupported_sound` when its header cannot be read.
 */
export async function readWavFileFormat(file: FileHandle): Promise<WavFormat | undefined> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
  const head = buffer.subarray(0, bytesRead);
  if (!isWav(head)) return undefined;
  const format = readWavFormat(head);
  const { size } = await file.stat();
  return { ...format, dataLength: Math.max(0, size - format.dataOffset) };
}

/** Reads the format of an open file of 16-bit samples, as recordings have it. Undefined for every other file. */
export async function readPcm16Format(file: FileHandle): Promise<WavFormat | undefined> {
  try {
    const format = await readWavFileFormat(file);
    return format?.encoding === 'pcm' && format.bits === 16 ? format : undefined;
  } catch (error) {
    if (error instanceof Failure && error.code === 'unsupported_sound') return undefined;
    throw error;
  }
}

/**
 * Makes a WAV file playable that was not closed. Cuts it to whole samples and corrects the sizes in its header. Repairing a
 * file twice changes nothing.
 * @returns samples per channel (0 when the file has no sound yet) and their rate. Undefined when it is not such a file.
 */
export async function repairWav(path: string): Promise<{ samples: number; sampleRate: number } | undefined> {
  const file = await open(path, 'r+');
  try {
    const format = await readPcm16Format(file);
    if (!format) return undefined;
    const { dataOffset, frameBytes, sampleRate } = format;
    const samples = Math.floor(format.dataLength / frameBytes);
    const dataBytes = samples * frameBytes;
    await file.truncate(dataOffset + dataBytes);
    await writeSize(file, 4, dataOffset + dataBytes - 8);
    await writeSize(file, dataOffset - 4, dataBytes);
    await file.datasync();
    return { samples, sampleRate };
  } finally {
    await file.close();
  }
}

async function writeSize(file: FileHandle, at: number, size: number): Promise<void> {
  const field = Buffer.alloc(4);
  // RIFF sizes have 32 bits: beyond that, players go by the length of the file.
  field.writeUInt32LE(Math.min(size, 0xffffffff));
  await file.write(field, 0, 4, at);
}
