import type { EventDraft, TimelineEntry } from '../../calls/index.ts';
import type { RecordingJournal, RecordingRecord } from '../store.ts';

/** A journal in memory that can refuse commits. */
export class MemoryJournal implements RecordingJournal {
  readonly recordings = new Map<string, RecordingRecord>();
  readonly events: EventDraft[] = [];
  readonly timeline: TimelineEntry[] = [];
  /** Called before each commit, which rejects with what this throws. */
  before: (change: { events?: EventDraft[] }) => void | Promise<void> = () => {};

  async commit(given: Parameters<RecordingJournal['commit']>[0]): Promise<void> {
    await this.before(given);
    const change = structuredClone(given);
    if (change.recording) this.recordings.set(change.recording.id, change.recording);
    this.events.push(...(change.events ?? []));
    this.timeline.push(...(change.timeline ?? []));
  }

  async written(): Promise<void> {}

  /** One line per event: `recording.completed rec_call_1 hangup`. */
  get eventLines(): string[] {
    return this.events.map(({ event, data }) =>
      [event, data['recording_id'], data['ended_by'], (data['error'] as { code: string } | undefined)?.code]
        .filter(Boolean)
        .join(' '),
    );
  }
}
