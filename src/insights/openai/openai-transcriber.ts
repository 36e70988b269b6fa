import { z } from 'zod';
import type { RecordingRecord } from '../../recordings/index.ts';
import { cutAtQuiet, readSound, wavOf } from '../../speech/index.ts';
import { silences } from '../embedded-transcriber.ts';
import type { Heard, Transcriber } from '../engines.ts';
import type { Segment, Speaker } from '../insight.ts';
import { multipart } from './multipart.ts';
import { ask, type OpenAiServer, unusable } from './server.ts';

/** Servers take 25 MB; ten minutes of one channel are 9.6 MB. */
const MOST_SECONDS = 600;

const verboseJson = z.object({
  language: z.string().optional(),
  text: z.string(),
  segments: z.array(z.object({ start: z.number(), end: z.number(), text: z.string() })).optional(),
});

/** Writes recordings down at `/audio/transcriptions`, each channel by itself. */
export class OpenAiTranscriber implements Transcriber {
  #server: OpenAiServer;
  #language: string | null;

  /** @param server `language`: what is spoken, BCP 47; null lets the server find out. */
  constructor(server: OpenAiServer & { language: string | null }) {
    this.#server = server;
    this.#language = server.language;
  }

  async transcribe(recording: RecordingRecord, path: string, signal: AbortSignal): Promise<Heard> {
    const segments: Segment[] = [];
    let language = '';
    for (const [channel, speaker] of (['caller', 'agent'] as const).entries()) {
      for await (const piece of piecesOf(recording, path, channel)) {
        const heard = await this.#ask(piece, speaker, signal);
        segments.push(...heard.segments);
        language ||= heard.language;
      }
    }
    segments.sort((a, b) => a.startMs - b.startMs);
    return { engine: this.#server.model, language, segments };
  }

  async #ask(
    piece: Piece,
    speaker: Speaker,
    signal: AbortSignal,
  ): Promise<{ language: string; segments: Segment[] }> {
    const language = this.#language?.split('-')[0]?.toLowerCase();
    const form = multipart(
      { model: this.#server.model, response_format: 'verbose_json', ...(language ? { language } : {}) },
      { name: 'recording.wav', type: 'audio/wav', bytes: wavOf(piece.samples, piece.sampleRate) },
    );
    const parsed = verboseJson.safeParse(await ask(this.#server, '/audio/transcriptions', form, signal));
    if (!parsed.success) throw unusable('it is not a transcription', parsed.error);
    const { text, segments = [{ start: 0, end: piece.samples.length / piece.sampleRate, text }] } =
      parsed.data;
    const at = (seconds: number) => Math.round((piece.start / piece.sampleRate + seconds) * 1000);
    return {
      // Some servers say `english` for `en`.
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
  /** In samples from the beginning of the recording. */
  start: number;
}

/** One channel in pieces that a server takes, cut where it is quiet; pieces of silence are left out. */
async function* piecesOf(recording: RecordingRecord, path: string, channel: number): AsyncGenerator<Piece> {
  let held = new Int16Array(0);
  let start = 0;
  let rate = recording.sampleRate;
  const hushed = silences(recording.gaps).filter((one) => (one.channel ?? channel) === channel);
  for await (const { channels, sampleRate } of readSound(path)) {
    const samples = channels[channel];
    if (!samples) return;
    rate = sampleRate;
    held = joined(held, samples);
    const pieces = cutAtQuiet(held, MOST_SECONDS * rate, rate / 10);
    const rest = pieces.pop()!;
    for (const piece of pieces)
      yield* audible({ ...piece, start: start + piece.start, sampleRate: rate }, hushed);
    held = rest.samples.slice();
    start += rest.start;
  }
  if (held.length > 0) yield* audible({ samples: held, start, sampleRate: rate }, hushed);
}

/** Below this nobody speaks: 1 % of full scale. */
const QUIET = 330;

function* audible(piece: Piece, hushed: { startMs: number; endMs: number }[]): Generator<Piece> {
  const place = (ms: number) => Math.max(0, Math.round((ms * piece.sampleRate) / 1000) - piece.start);
  for (const { startMs, endMs } of hushed) piece.samples.fill(0, place(startMs), place(endMs));
  if (piece.samples.some((sample) => Math.abs(sample) > QUIET)) yield piece;
}

function joined(a: Int16Array, b: Int16Array): Int16Array<ArrayBuffer> {
  const all = new Int16Array(a.length + b.length);
  all.set(a);
  all.set(b, a.length);
  return all;
}
