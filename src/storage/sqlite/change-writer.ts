import type { BillingChange } from '../../billing/index.ts';
import type { EventDraft } from '../../calls/index.ts';
import { Failure, type Ids } from '../../core/index.ts';
import type { InsightsChange } from '../../insights/index.ts';
import type { EventRecord } from '../../webhooks/index.ts';
import type { Change } from '../storage.ts';
import { tables, type Value } from '../tables/index.ts';
import type { WriteStatements } from './statements.ts';

/** How long an idempotency key is valid. */
const DAY_MS = 86_400_000;

/** A change as it was when `commit` was called: later changes of its objects have no effect. */
export interface Snapshot {
  call: Value[] | undefined;
  /** applicationId, key, requestHash, callId, at */
  idempotencyKey: Value[] | undefined;
  recording: Value[] | undefined;
  /** file, at */
  obsoleteFile: Value[] | undefined;
  events: EventDraft[];
  entries: Value[][];
  insights: InsightsChange | undefined;
  billing: BillingChange | undefined;
}

export function snapshotOf(change: Change): Snapshot {
  const { call, recording, events = [], timeline = [], insights, billing, idempotencyKey: key } = change;
  return {
    call: call && tables.calls.toParameters(call),
    idempotencyKey: call && key && [call.applicationId, key.key, key.requestHash, call.id, call.createdAt],
    recording: recording && tables.recordings.toParameters(recording),
    obsoleteFile:
      change.obsoleteFile === undefined ? undefined : [change.obsoleteFile, recording?.updatedAt ?? 0],
    // No event contains the metadata, and a copy for each event would fill memory and database.
    events: events.map((draft) => ({
      ...draft,
      call: copy({ ...draft.call, metadata: {} }),
      data: copy(draft.data),
    })),
    entries: timeline.map((entry) => tables.timeline.toParameters(entry)),
    insights,
    billing,
  };
}

/** Copies a value by its JSON text, so that events are reported exactly as they are stored. */
function copy<T>(value: T): T {
  return JSON.parse(JSON.stringify(value));
}

export interface ChangeWriterDeps {
  ids: Ids;
  /** Whether events of the application are delivered; otherwise they are `unsent` from the start. */
  hasWebhook(applicationId: string): boolean;
}

/** Writes the rows of a change, inside a transaction. */
export class ChangeWriter {
  #run: WriteStatements;
  #deps: ChangeWriterDeps;

  constructor(statements: WriteStatements, deps: ChangeWriterDeps) {
    this.#run = statements;
    this.#deps = deps;
  }

  /** @returns the events with their numbers. @throws to undo the transaction. */
  write(change: Snapshot): EventRecord[] {
    const run = this.#run;
    if (change.insights) this.#writeInsights(change.insights);
    if (change.billing) this.#writeBilling(change.billing);
    if (change.call) run.saveCall.run(...change.call);
    if (change.idempotencyKey) this.#keepKey(change.idempotencyKey);
    if (change.recording) run.saveRecording.run(...change.recording);
    if (change.obsoleteFile) run.deleteFileSoon.run(...change.obsoleteFile);
    for (const entry of change.entries) run.addEntry.run(...entry);
    return change.events.map((draft) => this.#addEvent(draft));
  }

  #keepKey(row: Value[]): void {
    this.#run.forgetKeys.run((row.at(-1) as number) - DAY_MS);
    this.#run.keepKey.run(...row);
  }

  #addEvent(draft: EventDraft): EventRecord {
    const { call, event, data } = draft;
    const isPending = this.#deps.hasWebhook(call.applicationId);
    const record: EventRecord = {
      id: this.#deps.ids.next('evt'),
      callId: call.id,
      applicationId: call.applicationId,
      event,
      sequence: this.#nextSequence(draft),
      eventKey: this.#eventKey(draft),
      createdAt: draft.at,
      call,
      data,
      state: isPending ? 'pending' : 'unsent',
      attempts: 0,
      nextAttemptAt: isPending ? draft.at : null,
    };
    this.#run.addEvent.run(...tables.events.toParameters(record));
    return record;
  }

  #nextSequence({ call, event }: EventDraft): number {
    const row = this.#run.nextSequence.get(call.id);
    if (!row) throw new Error(`could not store ${event}: there is no call ${call.id}`);
    return row['last_sequence'] as number;
  }

  /** Contract 6: `<call_id>:<event>`, and from the second event of a kind on `<call_id>:<event>:2`, … */
  #eventKey({ call, event }: EventDraft): string {
    const earlier = this.#run.countEvents.get(call.id, event)?.['count'] as number;
    return earlier === 0 ? `${call.id}:${event}` : `${call.id}:${event}:${earlier + 1}`;
  }

  #writeBilling({ account, adjustment, charges = [] }: BillingChange): void {
    const run = this.#run;
    if (account) run.saveAccount.run(...tables.accounts.toParameters(account));
    if (adjustment) run.addAdjustment.run(...tables.adjustments.toParameters(adjustment));
    for (const charge of charges) run.saveCharge.run(...tables.charges.toParameters(charge));
  }

  /** Fails with `job_lost`, which undoes the transaction, when another process holds the job now. */
  #writeInsights({
    enqueue = [],
    discardCall,
    holder,
    transcript,
    part,
    postpone,
    finished,
  }: InsightsChange): void {
    const run = this.#run;
    if (holder && !run.findHolder.get(holder.recordingId, holder.claim)) {
      throw new Failure('job_lost', `another process has taken the job of ${holder.recordingId}`);
    }
    if (discardCall !== undefined) {
      run.forgetTranscripts.run(discardCall);
      run.forgetParts.run(discardCall);
    }
    for (const { recordingId, callId, applicationId, createdAt } of enqueue)
      run.enqueueJob.run(recordingId, callId, applicationId, createdAt);
    if (transcript) run.saveTranscript.run(...tables.transcripts.toParameters(transcript));
    if (part) run.savePart.run(...tables.insightParts.toParameters(part));
    if (holder && postpone) run.postponeJob.run(postpone.dueAt, postpone.lastError, holder.recordingId);
    if (holder && finished) run.finishJob.run(holder.recordingId);
  }
}
