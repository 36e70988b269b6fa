import type { BillingChange } from '../../billing/index.ts';
import { type EventDraft, eventCallOf, isFinal } from '../../calls/index.ts';
import { Failure, type Ids } from '../../core/index.ts';
import type { InsightsChange } from '../../insights/index.ts';
import type { EventRecord } from '../../webhooks/index.ts';
import type { Change } from '../storage.ts';
import { tables, type Value } from '../tables/index.ts';
import type { EventNumbers } from './event-numbers.ts';
import type { WriteStatements } from './statements.ts';

/** How long an idempotency key is valid. */
const DAY_MS = 86_400_000;

/** A change as it was when `commit` was called: later changes of its objects have no effect. */
export interface Snapshot {
  call: CallSnapshot | undefined;
  /** applicationId, key, requestHash, callId, at */
  idempotencyKey: Value[] | undefined;
  recording: Value[] | undefined;
  /** file, at */
  obsoleteFile: Value[] | undefined;
  events: EventSnapshot[];
  entries: Value[][];
  insights: InsightsChange | undefined;
  billing: BillingChange | undefined;
}

interface CallSnapshot {
  id: string;
  isFinal: boolean;
  row: Value[];
}

/** An event before it has its number. Its call and data are serialized once. */
interface EventSnapshot extends Pick<EventRecord, 'event' | 'call' | 'data'> {
  at: number;
  callText: string;
  dataText: string;
}

export function snapshotOf(change: Change): Snapshot {
  const { call, recording, events = [], timeline = [], insights, billing, idempotencyKey: key } = change;
  return {
    call: call && { id: call.id, isFinal: isFinal(call.status), row: tables.calls.toParameters(call) },
    idempotencyKey: call && key && [call.applicationId, key.key, key.requestHash, call.id, call.createdAt],
    recording: recording && tables.recordings.toParameters(recording),
    obsoleteFile:
      change.obsoleteFile === undefined ? undefined : [change.obsoleteFile, recording?.updatedAt ?? 0],
    events: events.map(eventSnapshot),
    entries: timeline.map((entry) => tables.timeline.toParameters(entry)),
    insights,
    billing,
  };
}

function eventSnapshot({ event, at, call: record, data }: EventDraft): EventSnapshot {
  const call = eventCallOf(record);
  const dataText = JSON.stringify(data);
  // Events are reported exactly as they are stored.
  return { event, at, call, callText: JSON.stringify(call), data: JSON.parse(dataText), dataText };
}

export interface ChangeWriterDeps {
  ids: Ids;
  /** Whether events of the application are delivered; otherwise they are `unsent` from the start. */
  hasWebhook(applicationId: string): boolean;
}

/** Writes the rows of a change, inside a transaction. */
export class ChangeWriter {
  #run: WriteStatements;
  #numbers: EventNumbers;
  #deps: ChangeWriterDeps;

  /** @param numbers must forget all calls when a transaction is undone. */
  constructor(statements: WriteStatements, numbers: EventNumbers, deps: ChangeWriterDeps) {
    this.#run = statements;
    this.#numbers = numbers;
    this.#deps = deps;
  }

  /** @returns the events with their numbers. @throws to undo the transaction. */
  write(change: Snapshot): EventRecord[] {
    const run = this.#run;
    if (change.insights) this.#writeInsights(change.insights);
    if (change.billing) this.#writeBilling(change.billing);
    const events = change.events.map((draft) => this.#addEvent(draft));
    if (change.call) this.#saveCall(change.call);
    this.#saveLastNumbers(events, change.call?.id);
    if (change.idempotencyKey) this.#keepKey(change.idempotencyKey);
    if (change.recording) run.saveRecording.run(...change.recording);
    if (change.obsoleteFile) run.deleteFileSoon.run(...change.obsoleteFile);
    for (const entry of change.entries) run.addEntry.run(...entry);
    this.#numbers.endChange();
    return events;
  }

  #saveCall({ id, row, isFinal }: CallSnapshot): void {
    this.#run.saveCall.run(...row, this.#numbers.of(id).last);
    if (isFinal) this.#numbers.forget(id);
    else this.#numbers.keep(id);
  }

  /** Saves the last number of calls that are not saved themselves. @throws if there is no such call. */
  #saveLastNumbers(events: EventRecord[], savedCall: string | undefined): void {
    for (const { callId, event, sequence } of events) {
      if (callId === savedCall) continue;
      const { changes } = this.#run.setLastSequence.run(sequence, callId);
      if (changes === 0) throw new Error(`could not store ${event}: there is no call ${callId}`);
    }
  }

  #keepKey(row: Value[]): void {
    this.#run.forgetKeys.run((row.at(-1) as number) - DAY_MS);
    this.#run.keepKey.run(...row);
  }

  #addEvent({ event, at, call, data, callText, dataText }: EventSnapshot): EventRecord {
    const isPending = this.#deps.hasWebhook(call.applicationId);
    const record: EventRecord = {
      id: this.#deps.ids.next('evt'),
      callId: call.id,
      applicationId: call.applicationId,
      event,
      ...this.#numbers.of(call.id).next(event),
      createdAt: at,
      call,
      data,
      state: isPending ? 'pending' : 'unsent',
      attempts: 0,
      nextAttemptAt: isPending ? at : null,
    };
    const { id, sequence, eventKey, state, nextAttemptAt } = record;
    const { addEvent } = this.#run;
    addEvent.run(
      ...[id, call.id, call.applicationId, event, sequence, eventKey, at, callText, dataText],
      ...[state, 0, nextAttemptAt],
    );
    return record;
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
