import type { Gap, RecordingRecord } from '../recordings/index.ts';
import type { MutedRange, Recognizer } from '../speech/index.ts';
import type { Transcriber, Transcription } from './engines.ts';

/** Transcribes English recordings with the embedded recognizer, without an account or network. */
export class EmbeddedTranscriber implements Transcriber {
  #recognizer: Recognizer;

  constructor(recognizer: Recognizer) {
    this.#recognizer = recognizer;
  }

  async transcribe(recording: RecordingRecord, path: string, signal: AbortSignal): Promise<Transcription> {
    const { utterances } = await this.#recognizer.transcribe(
      path,
      mutedRanges(recording.gaps),
      signal,
      recording.customerId,
    );
    const segments = utterances.map(({ channel, text, startMs, endMs }) => ({
      speaker: channel === 1 ? ('agent' as const) : ('caller' as const),
      text,
      startMs,
      endMs,
    }));
    return { engine: this.#recognizer.engine, language: segments.length > 0 ? 'en' : '', segments };
  }
}

/**
 * The ranges of a recording's file that must not be transcribed. The file has silence there already; this is a second
 * safeguard. Gaps count elapsed time, while the file omits skipped time.
 */
export function mutedRanges(gaps: Gap[]): MutedRange[] {
  const skips = gaps.filter(({ cause }) => cause === 'skip');
  const inFile = (ms: number) =>
    skips.reduce((at, { startMs, endMs }) => at - Math.max(0, Math.min(ms, endMs) - startMs), ms);
  return gaps
    .filter(({ cause }) => cause !== 'skip')
    .map(({ startMs, endMs, cause }) => ({
      startMs: inFile(startMs),
      endMs: inFile(endMs),
      // Sensitive gaps cover only what the caller says and presses.
      ...(cause === 'sensitive' ? { channel: 0 } : {}),
    }));
}
