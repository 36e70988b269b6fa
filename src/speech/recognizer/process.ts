/** The entry point of the recognizer process. Native code may end it at any time: its parent then starts another. */
import { explain } from '../../core/index.ts';
import { findModel, type ModelName } from './models.ts';
import { type ChannelDecoder, Moonshine, type Utterance } from './moonshine.ts';
import { readRecording, type SoundChunk } from './recording-reader.ts';

/** A request to transcribe a file. The parent sends one at a time. */
export interface TranscriptionRequest {
  path: string;
  /** Ranges that are not transcribed. */
  muted: MutedRange[];
}

/** A range of a file, of one channel or of all, in milliseconds of its sound. */
export interface MutedRange {
  startMs: number;
  endMs: number;
  channel?: number;
}

/**
 * A message to the parent. `ready` comes once; then for each request its utterances as they are found, the progress now and
 * then, and one `done` or `error`.
 */
export type RecognizerMessage =
  | 'ready'
  | { channel: number; utterance: Utterance }
  | { progressMs: number }
  | { done: { channels: number } }
  | { error: string };

/** Chunks between two progress messages: about two minutes of sound. */
const PROGRESS_CHUNKS = 64;

const [model, folder] = process.argv.slice(2) as [ModelName, string];
const send = (message: RecognizerMessage) => process.send!(message);
const moonshine = new Moonshine(await findModel(model, folder));

process.on('message', (request: TranscriptionRequest) => {
  transcribe(request).then(
    (channels) => send({ done: { channels } }),
    (error) => send({ error: explain(error) }),
  );
});
// Without its parent nobody reads the answers.
process.on('disconnect', () => process.exit());
send('ready');

/** @returns the number of channels of the file. */
async function transcribe({ path, muted }: TranscriptionRequest): Promise<number> {
  let decoders: ChannelDecoder[] = [];
  let samplesRead = 0;
  let chunks = 0;
  for await (const chunk of readRecording(path)) {
    const { channels, sampleRate } = chunk;
    if (decoders.length === 0) decoders = channels.map(() => moonshine.openChannel(sampleRate));
    mute(chunk, samplesRead, muted);
    samplesRead += channels[0]!.length;
    channels.forEach((samples, channel) => {
      for (const utterance of decoders[channel]!.push(samples)) send({ channel, utterance });
    });
    if (++chunks % PROGRESS_CHUNKS === 0) send({ progressMs: Math.round((samplesRead * 1000) / sampleRate) });
  }
  decoders.forEach((decoder, channel) => {
    for (const utterance of decoder.end()) send({ channel, utterance });
  });
  return decoders.length;
}

/** Silences muted ranges, whatever the file contains there. @param from samples before the chunk. */
function mute({ channels, sampleRate }: SoundChunk, from: number, muted: MutedRange[]): void {
  const offset = (ms: number) => Math.max(0, Math.round((ms * sampleRate) / 1000) - from);
  for (const { startMs, endMs, channel } of muted) {
    const affected = channel === undefined ? channels : [channels[channel]];
    for (const samples of affected) samples?.fill(0, offset(startMs), offset(endMs));
  }
}
