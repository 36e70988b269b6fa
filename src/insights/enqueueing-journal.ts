import type { CallRecord, EventDraft, TimelineEntry } from '../calls/index.ts';
import type { RecordingJournal, RecordingRecord } from '../recordings/index.ts';
import type { InsightsChange } from './store.ts';

interface Journal {
  commit(change: {
    call?: CallRecord;
    recording?: RecordingRecord;
    events?: EventDraft[];
    timeline?: TimelineEntry[];
    insights?: InsightsChange;
    obsoleteFile?: string;
  }): Promise<void>;
  written(): Promise<void>;
}

/**
 * Wraps the journal of recordings so that it adds completed recordings to the queue. Both happen in one commit, so neither
 * happens without the other.
 * @param wanted reports whether the recordings of an application are analyzed; called at each commit.
 */
export function enqueueingJournal(
  journal: Journal,
  wanted: (applicationId: string) => boolean,
): RecordingJournal {
  return {
    written: () => journal.written(),
    commit(change) {
      const { recording, events = [] } = change;
      const isEnd = events.some(({ event }) => event === 'recording.completed');
      if (!recording || !isEnd || !wanted(recording.applicationId)) return journal.commit(change);
      const { id: recordingId, callId, applicationId, updatedAt: createdAt } = recording;
      const enqueue = [{ recordingId, callId, applicationId, createdAt }];
      return journal.commit({ ...change, insights: { enqueue } });
    },
  };
}
