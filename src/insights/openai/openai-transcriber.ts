import { z } from 'zod';
import { wavFile } from '../../audio/index.ts';
import type { RecordingRecord } from '../../recordings/index.ts';
import { readRecording, splitAtQuiet } from '../../speech/index.ts';
import { mutedRanges } from '../embedded-transcriber.ts';
import type { Transcriber, Transcription } from '../engines.ts';
import type { Segment, Speaker } from '../insight.ts';
import { ask, type OpenAiServer, unusable } from './server.ts';

/** Longest piece: servers accept 25 MB, and ten minutes of one channel are 9.6 MB. */
const MOST_SECONDS = 600;

const verboseJson = z.object({
  language: z.string().optional(),
  text: z.string(),
  segments: z.array(z.object({ start: z.number(), end: z.number(), text: z.string() })).optional(),
});

/** Transcribes recordings with an OpenAI-compatible server, one channel at a time. */
export class OpenAiTranscriber implements Transcriber {
  #server: OpenAiServer;
  #language: string | null;

  /** @param server `language`: BCP 47; null lets the server detect it. */
  constructor(server: OpenAiServer & { language: string | null }) {
    this.#server = server;
    this.#language = server.language;
  }

  async transcribe(recording: RecordingRecord, path: string, signal: AbortSignal): Promise<Transcription> {
    const segments: Segment[] = [];
    let language = '';
    for (const [channel, speaker] of (['caller', 'agent'] as const).entries()) {
      for await (const piece of piecesOf(recording, path, channel)) {
        const transcribed = await this.#transcribePiece(piece, speaker, signal);
        segments.push(...transcribed.segments);
        language ||= transcribed.language;
      }
    }
    segments.sort((a, b) => a.startMs - b.startMs);
    return { engine: this.#server.model, language, segments };
  }

  async #transcribePiece(
    piece: Piece,
    speaker: Speaker,
    signal: AbortSignal,
  ): Promise<{ language: string; segments: Segment[] }> {
    const language = this.#language?.split('-')[0]?.toLowerCase();
    const form = new FormData();
    form.append('model', this.#server.model);
    form.append('response_format', 'verbose_json');
    if (language) form.append('language', language);
    const wav = new Uint8Array(wavFile([piece.samples], piece.sampleRate));
    form.append('file', new Blob([wav], { type: 'audio/wav' }), 'recording.wav');
    const answer = await ask(this.#server, '/audio/transcriptions', form, signal);
    const parsed = verboseJson.safeParse(answer);
    if (!parsed.success) throw unusable('it is not a transcription', parsed.error);
    const { text, segments = [{ start: 0, end: piece.samples.length / piece.sampleRate, text }] } =
      parsed.data;
    const at = (seconds: number) => Math.round((piece.start / piece.sampleRate + seconds) * 1000);
    return {
      // Some servers write `english` for `en`.
      language: parsed.data.language === 'english' ? 'en' : (parsed.data.language ?? language ?? ''),
      segments: segments
        .filter((one) => one.text.trim() !== '')
        .map((one) => ({ speaker, text: one.text.trim(), startMs: at(one.start), endMs: at(one.end) })),
    };
  }
}

interface Piece {
  samples: Int16Array;
  sampleRate: number;
  /** Offset in the recording, in samples. */
  start: number;
}

/** Splits one channel at quiet points into pieces that a server accepts; omits silent pieces. */
async function* piecesOf(recording: RecordingRecord, path: string, channel: number): AsyncGenerator<Piece> {
  let pending = new Int16Array(0);
  let start = 0;
  let rate = recording.sampleRate;
  const muted = mutedRanges(recording.gaps).filter((one) => (one.channel ?? channel) === channel);
  for await (const { channels, sampleRate } of readRecording(path)) {
    const samples = channels[channel];
    if (!samples) return;
    rate = sampleRate;
    pending = joined(pending, samples);
    const pieces = splitAtQuiet(pending, MOST_SECONDS * rate, rate / 10);
    const rest = pieces.pop()!;
    for (const piece of pieces)
      yield* audible({ ...piece, start: start + piece.start, sampleRate: rate }, muted);
    pending = rest.samples.slice();
    start += rest.start;
  }
  if (pending.length > 0) yield* audible({ samples: pending, start, sampleRate: rate }, muted);
}

/** A piece with no sample above this, 1 % of full scale, has no speech. */
const QUIET = 330;

function* audible(piece: Piece, muted: { startMs: number; endMs: number }[]): Generator<Piece> {
  const offset = (ms: number) => Math.max(0, Math.round((ms * piece.sampleRate) / 1000) - piece.start);
  for (const { startMs, endMs } of muted) piece.samples.fill(0, offset(startMs), offset(endMs));
  if (piece.samples.some((sample) => Math.abs(sample) > QUIET)) yield piece;
}

function joined(a: Int16Array, b: Int16Array): Int16Array<ArrayBuffer> {
  const all = new Int16Array(a.length + b.length);
  all.set(a);
  all.set(b, a.length);
  return all;
}
