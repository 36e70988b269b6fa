import type { Gap, RecordingRecord } from '../recordings/index.ts';
import type { Recogniser, Silence } from '../speech/index.ts';
import type { Heard, Transcriber } from './engines.ts';

/** The recogniser that comes with the program: English, no account, no network. */
export class EmbeddedTranscriber implements Transcriber {
  #recogniser: Recogniser;

  constructor(recogniser: Recogniser) {
    this.#recogniser = recogniser;
  }

  async transcribe(recording: RecordingRecord, path: string, signal: AbortSignal): Promise<Heard> {
    const { utterances } = await this.#recogniser.transcribe(
      path,
      silences(recording.gaps),
      signal,
      recording.customerId,
    );
    const segments = utterances.map(({ channel, text, startMs, endMs }) => ({
      speaker: channel === 1 ? ('agent' as const) : ('caller' as const),
      text,
      startMs,
      endMs,
    }));
    return { engine: this.#recogniser.engine, language: segments.length > 0 ? 'en' : '', segments };
  }
}

/**
 * The stretches of a recording's file that were kept out of it. They hold silence already; this is the second
 * lock on the door. Gaps count the time that passed, the file does not hold what was skipped.
 */
export function silences(gaps: Gap[]): Silence[] {
  const skips = gaps.filter(({ cause }) => cause === 'skip');
  const inFile = (ms: number) =>
    skips.reduce((at, { startMs, endMs }) => at - Math.max(0, Math.min(ms, endMs) - startMs), ms);
  return gaps
    .filter(({ cause }) => cause !== 'skip')
    .map(({ startMs, endMs, cause }) => ({
      startMs: inFile(startMs),
      endMs: inFile(endMs),
      // Of what is sensitive, only what the caller says and presses.
      ...(cause === 'sensitive' ? { channel: 0 } : {}),
    }));
}
