import type { Account, Adjustment, ChargeRecord, Rate } from '../billing/index.ts';
import type { CallRecord, TimelineEntry } from '../calls/index.ts';
import type { ApiKey, Application, Customer, Did, Phone, Trunk, VerifiedNumber } from '../directory/index.ts';
import type { Job, Part, Transcript } from '../insights/index.ts';
import type { RecordingRecord } from '../recordings/index.ts';
import type { AttemptRecord, EventRecord } from '../webhooks/index.ts';
import { accountLayout, adjustmentLayout, chargeLayout, rateLayout } from './billing-layouts.ts';
import { jobLayout, partLayout, transcriptLayout } from './insight-layouts.ts';
import * as layouts from './layouts.ts';
import type { Quarantine } from './quarantine.ts';
import { RowReader } from './row-reader.ts';
import * as rows from './row-schemas.ts';

/** A row of `pending_byes`: the BYE that ends a call after a restart. */
export interface PendingByeRow {
  key: string;
  pendingBye: object;
}

/** What reads the rows of each table. */
export function readersOf(quarantine: Quarantine) {
  const reader = <T extends object>(
    table: string,
    layout: layouts.Layout<T>,
    schema: ConstructorParameters<typeof RowReader<T>>[0]['schema'],
    ...key: string[]
  ) => new RowReader<T>({ table, layout, schema, ...(key.length > 0 ? { key } : {}) }, quarantine);
  return {
    calls: reader<CallRecord>('calls', layouts.callLayout, rows.callRow),
    recordings: reader<RecordingRecord>('recordings', layouts.recordingLayout, rows.recordingRow),
    events: reader<EventRecord>('events', layouts.eventLayout, rows.eventRow),
    attempts: reader<AttemptRecord>('attempts', layouts.attemptLayout, rows.attemptRow),
    timeline: reader<TimelineEntry>(
      'timeline',
      layouts.timelineLayout,
      rows.timelineRow,
      'callId',
      'position',
    ),
    customers: reader<Customer>('customers', layouts.customerLayout, rows.customerRow),
    applications: reader<Application>('applications', layouts.applicationLayout, rows.applicationRow),
    apiKeys: reader<ApiKey>('api_keys', layouts.keyLayout, rows.keyRow),
    dids: reader<Did>('dids', layouts.didLayout, rows.didRow),
    trunks: reader<Trunk>('trunks', layouts.trunkLayout, rows.trunkRow),
    phones: reader<Phone>('phones', layouts.phoneLayout, rows.phoneRow),
    verifiedNumbers: reader<VerifiedNumber>(
      'verified_numbers',
      layouts.verifiedNumberLayout,
      rows.verifiedNumberRow,
    ),
    accounts: reader<Account>('accounts', accountLayout, rows.accountRow, 'customerId'),
    rates: reader<Rate>('rates', rateLayout, rows.rateRow),
    adjustments: reader<Adjustment>('adjustments', adjustmentLayout, rows.adjustmentRow),
    charges: reader<ChargeRecord>('charges', chargeLayout, rows.chargeRow, 'legId'),
    transcripts: reader<Transcript>('transcripts', transcriptLayout, rows.transcriptRow, 'recordingId'),
    parts: reader<Part>('insight_parts', partLayout, rows.partRow, 'callId', 'part'),
    jobs: reader<Job>('insight_jobs', jobLayout, rows.jobRow, 'recordingId'),
    pendingByes: reader<PendingByeRow>(
      'pending_byes',
      { key: 'plain', pendingBye: 'json' },
      rows.pendingByeRow,
      'key',
    ),
  };
}

export type Readers = ReturnType<typeof readersOf>;
