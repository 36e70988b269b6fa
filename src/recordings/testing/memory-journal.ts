import type { EventDraft, TimelineEntry } from '../../calls/index.ts';
import type { RecordingJournal, RecordingRecord } from '../store.ts';

/** Keeps what is committed, and refuses as often as it is told to. */
export class MemoryJournal implements RecordingJournal {
  readonly recordings = new Map<string, RecordingRecord>();
  readonly events: EventDraft[] = [];
  readonly timeline: TimelineEntry[] = [];
  /** Called with each change before it is kept; what it throws, the commit rejects with. */
  before: (change: { events?: EventDraft[] }) => void | Promise<void> = () => {};

  async commit(given: Parameters<RecordingJournal['commit']>[0]): Promise<void> {
    await this.before(given);
    const change = structuredClone(given);
    if (change.recording) this.recordings.set(change.recording.id, change.recording);
    this.events.push(...(change.events ?? []));
    this.timeline.push(...(change.timeline ?? []));
  }

  async written(): Promise<void> {}

  /** The events in a line each: `recording.completed rec_call_1 hangup`. */
  get story(): string[] {
    return this.events.map(({ event, data }) =>
      [event, data['recording_id'], data['ended_by'], (data['error'] as { code: string } | undefined)?.code]
        .filter(Boolean)
        .join(' '),
    );
  }
}
