import type { ApiPorts } from '../api/index.ts';
import { type Admission, REFUSAL_CAUSES } from '../calls/index.ts';
import type { Clock } from '../core/index.ts';
import type { Insights } from '../insights/index.ts';
import type { MediaEngine } from '../media/index.ts';
import type { UserAgent, UserAgentCounters } from '../sip/index.ts';
import type { Storage } from '../storage/index.ts';
import type { StreamCounts } from '../streams/index.ts';
import type { FailedLogins } from '../telephony/index.ts';
import { defectFigures } from './defects.ts';
import type { Door } from './door.ts';

interface Rooms {
  admission: Admission;
  storage: Pick<Storage, 'trouble' | 'waiting' | 'quarantined'>;
  media: Pick<MediaEngine, 'load'>;
  userAgent: Pick<UserAgent, 'counters'>;
  strangers: Door['counts'];
  logins: Pick<FailedLogins, 'count'>;
  streamCounts: StreamCounts;
  insights: Pick<Insights, 'backlog'>;
  clock: Clock;
}

/** Metrics of the modules that REST does not know. Names that end in `_total` are counters, others gauges. */
export const figuresOf = (rooms: Rooms): NonNullable<ApiPorts['figures']> => ({
  ...ofAdmission(rooms.admission),
  ...ofStorage(rooms.storage),
  ...ofMedia(rooms.media),
  ...ofSip(rooms.userAgent),
  ...ofStrangers(rooms.strangers),
  sip_logins_failed_total: {
    help: 'REGISTERs and INVITEs with a wrong name or password',
    value: () => rooms.logins.count,
  },
  ...ofStreams(rooms.streamCounts),
  ...ofInsights(rooms.insights, rooms.clock),
  ...defectFigures,
});

const ofAdmission = (admission: Admission) => ({
  calls_refused_total: {
    help: 'New calls refused since the start, by cause',
    label: 'cause',
    values: () => REFUSAL_CAUSES.map((cause) => [cause, admission.refused[cause] ?? 0] as const),
  },
  calls_taken: {
    help: '1 while new calls are taken, 0 while not',
    value: () => (admission.closed ? 0 : 1),
  },
  main_thread_busy_ratio: {
    help: 'Main-thread utilization, 0 to 1',
    value: () => admission.busy,
  },
});

const ofStorage = (storage: Rooms['storage']) => ({
  database_writable: {
    help: '1, or 0 while the database cannot be written',
    value: () => (storage.trouble ? 0 : 1),
  },
  database_changes_kept: {
    help: 'Changes in memory that are still to be written',
    value: () => storage.waiting,
  },
  rows_quarantined: {
    help: 'Stored rows that cannot be used and are left out; see /admin/v1/quarantine',
    value: () => storage.quarantined.length,
  },
});

const ofMedia = (media: Rooms['media']) => ({
  media_sessions: { help: 'RTP streams that are open', value: () => media.load.sessions },
  media_beats_total: {
    help: 'Beats of 20 ms since the start, over all threads',
    value: () => media.load.beats,
  },
  media_late_beats_total: {
    help: 'Beats that began more than 10 ms late',
    value: () => media.load.lateBeats,
  },
});

function ofSip(userAgent: Rooms['userAgent']) {
  const sum = (name: 'received' | 'malformed' | 'defects') => () =>
    Object.values(userAgent.counters.transport).reduce((total, transport) => total + transport[name], 0);
  const open = (name: keyof UserAgentCounters['open']) => () => userAgent.counters.open[name];
  return {
    sip_dialogs_open: { help: 'Dialogs that are not over, early ones too', value: open('dialogs') },
    sip_invites_open: { help: 'INVITEs, ours and theirs, without a final response', value: open('invites') },
    sip_transactions_open: {
      help: 'Transactions that may still repeat a message',
      value: open('transactions'),
    },
    sip_messages_received_total: { help: 'SIP messages so far', value: sum('received') },
    sip_messages_malformed_total: { help: 'Those of them that could not be read', value: sum('malformed') },
    sip_messages_failed_total: {
      help: 'Those of them that a defect kept from being handled',
      value: sum('defects'),
    },
  };
}

const ofStrangers = (strangers: Rooms['strangers']) => ({
  sip_addresses_silenced_total: {
    help: 'Addresses that were not answered any more after ten refusals',
    value: () => strangers.silenced,
  },
  sip_requests_ignored_total: { help: 'Requests from such addresses', value: () => strangers.ignored },
});

const ofStreams = (counts: StreamCounts) => ({
  streams_open: { help: 'Live streams that are open', value: () => counts.open },
  streams_started_total: { help: 'Live streams started so far', value: () => counts.started },
  streams_failed_total: { help: 'Live streams given up after their reconnects', value: () => counts.failed },
  streams_dropped_total: { help: 'Messages that receivers were too slow for', value: () => counts.dropped },
});

const ofInsights = (insights: Rooms['insights'], clock: Clock) => ({
  insights_waiting: {
    help: 'Recordings that wait to be transcribed',
    value: () => insights.backlog.waiting,
  },
  insights_running: {
    help: 'Recordings that are worked on, by all nodes',
    value: () => insights.backlog.running,
  },
  insights_oldest_seconds: {
    help: 'Age of the oldest queued recording',
    value: () => ageOf(insights.backlog.oldestAt, clock),
  },
});

const ageOf = (at: number | null, clock: Clock): number =>
  at === null ? 0 : Math.max(0, clock.now() - at) / 1000;
