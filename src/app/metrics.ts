import type { ApiDeps } from '../api/index.ts';
import { type Admission, REFUSAL_CAUSES } from '../calls/index.ts';
import type { Clock } from '../core/index.ts';
import type { Insights } from '../insights/index.ts';
import type { MediaEngine } from '../media/index.ts';
import { type TransportCounters, totalOf, type UserAgent, type UserAgentCounters } from '../sip/index.ts';
import type { Storage } from '../storage/index.ts';
import type { StreamCounts } from '../streams/index.ts';
import type { FailedLogins, SourceBlocker } from '../telephony/index.ts';
import { defectMetrics } from './defects.ts';

interface Sources {
  admission: Admission;
  storage: Pick<Storage, 'trouble' | 'waiting' | 'quarantined'>;
  media: Pick<MediaEngine, 'load'>;
  userAgent: Pick<UserAgent, 'counters'>;
  blocker: Pick<SourceBlocker, 'counts'>;
  logins: Pick<FailedLogins, 'count'>;
  streamCounts: StreamCounts;
  insights: Pick<Insights, 'backlog'>;
  clock: Clock;
}

/** Returns the metrics of modules that the API does not know. Names ending in `_total` are counters, others gauges. */
export const metricsOf = (sources: Sources): NonNullable<ApiDeps['metrics']> => ({
  ...ofAdmission(sources.admission),
  ...ofStorage(sources.storage),
  ...ofMedia(sources.media),
  ...ofSip(sources.userAgent),
  ...ofBlocker(sources.blocker),
  sip_logins_failed_total: {
    help: 'REGISTERs and INVITEs with a wrong name or password',
    value: () => sources.logins.count,
  },
  ...ofStreams(sources.streamCounts),
  ...ofInsights(sources.insights, sources.clock),
  ...defectMetrics,
});

const ofAdmission = (admission: Admission) => ({
  calls_refused_total: {
    help: 'New calls refused, by cause',
    label: 'cause',
    values: () => REFUSAL_CAUSES.map((cause) => [cause, admission.refused[cause] ?? 0] as const),
  },
  calls_taken: {
    help: '1 while new calls are taken, 0 while not',
    value: () => (admission.refusalCause ? 0 : 1),
  },
  calls_waiting: {
    help: 'New calls that wait for the main thread',
    value: () => admission.waiting,
  },
  main_thread_busy_ratio: {
    help: 'Main-thread utilization, 0 to 1',
    value: () => admission.busy,
  },
});

const ofStorage = (storage: Sources['storage']) => ({
  database_writable: {
    help: '1, or 0 while the database cannot be written',
    value: () => (storage.trouble ? 0 : 1),
  },
  database_changes_kept: {
    help: 'Changes in memory that wait to be written',
    value: () => storage.waiting,
  },
  rows_quarantined: {
    help: 'Stored rows that are damaged and ignored; see /admin/v1/quarantine',
    value: () => storage.quarantined.length,
  },
});

const ofMedia = (media: Sources['media']) => ({
  media_sessions: { help: 'Open RTP sessions', value: () => media.load.sessions },
  media_beats_total: {
    help: 'Ticks of 20 ms of all media threads',
    value: () => media.load.beats,
  },
  media_late_beats_total: {
    help: 'Ticks that started more than 10 ms late',
    value: () => media.load.lateBeats,
  },
});

function ofSip(userAgent: Sources['userAgent']) {
  const sum = (name: keyof TransportCounters) => () => totalOf(userAgent.counters.transport, name);
  const open = (name: keyof UserAgentCounters['open']) => () => userAgent.counters.open[name];
  return {
    sip_dialogs_open: { help: 'Dialogs that are open, including early ones', value: open('dialogs') },
    sip_invites_open: {
      help: 'INVITEs, sent and received, without a final response',
      value: open('invites'),
    },
    sip_transactions_open: {
      help: 'Transactions that are open',
      value: open('transactions'),
    },
    sip_messages_received_total: { help: 'SIP messages received', value: sum('received') },
    sip_messages_malformed_total: {
      help: 'Received SIP messages that could not be parsed',
      value: sum('malformed'),
    },
    sip_messages_failed_total: {
      help: 'Received SIP messages that were lost through a defect',
      value: sum('defects'),
    },
  };
}

const ofBlocker = ({ counts }: Sources['blocker']) => ({
  sip_addresses_silenced_total: {
    help: 'Addresses that were blocked after repeated refusals',
    value: () => counts.blocked,
  },
  sip_requests_ignored_total: {
    help: 'Requests ignored from blocked addresses',
    value: () => counts.ignored,
  },
});

const ofStreams = (counts: StreamCounts) => ({
  streams_open: { help: 'Open live streams', value: () => counts.open },
  streams_started_total: { help: 'Live streams started', value: () => counts.started },
  streams_failed_total: {
    help: 'Live streams that failed after their reconnects',
    value: () => counts.failed,
  },
  streams_dropped_total: {
    help: 'Stream messages dropped because the receiver was too slow',
    value: () => counts.dropped,
  },
});

const ofInsights = (insights: Sources['insights'], clock: Clock) => ({
  insights_waiting: {
    help: 'Recordings that wait for transcription',
    value: () => insights.backlog.waiting,
  },
  insights_running: {
    help: 'Recordings in transcription, on all nodes',
    value: () => insights.backlog.running,
  },
  insights_oldest_seconds: {
    help: 'Age of the oldest queued recording',
    value: () => ageOf(insights.backlog.oldestAt, clock),
  },
});

const ageOf = (at: number | null, clock: Clock): number =>
  at === null ? 0 : Math.max(0, clock.now() - at) / 1000;
