import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { Failure } from '../../core/index.ts';
import type { InsightsChange } from '../../insights/index.ts';
import { partLayout, transcriptLayout } from '../insight-layouts.ts';
import type { insightTexts } from '../insight-texts.ts';
import { toParameters } from '../layouts.ts';

/** What a change does to insights, inside the transaction of the journal. */
export class InsightWrites {
  #statements: Record<keyof ReturnType<typeof insightTexts>, StatementSync>;

  constructor(database: DatabaseSync, texts: ReturnType<typeof insightTexts>) {
    const prepared = Object.entries(texts).map(([name, text]) => [name, database.prepare(text)]);
    this.#statements = Object.fromEntries(prepared);
  }

  /** Fails with `job_lost`, which undoes the transaction, when the job is not the writer's any more. */
  write({ enqueue = [], afresh, holder, transcript, part, postpone, finished }: InsightsChange): void {
    const run = this.#statements;
    if (holder && !run.findHolder.get(holder.recordingId, holder.claim)) {
      throw new Failure('job_lost', `the work on ${holder.recordingId} is not ours any more`);
    }
    if (afresh !== undefined) {
      run.forgetTranscripts.run(afresh);
      run.forgetParts.run(afresh);
    }
    for (const { recordingId, callId, applicationId, createdAt } of enqueue) {
      run.enqueueJob.run(recordingId, callId, applicationId, createdAt, createdAt);
    }
    if (transcript) run.saveTranscript.run(...toParameters(transcriptLayout, transcript));
    if (part) run.savePart.run(...toParameters(partLayout, part));
    if (holder && postpone) run.postponeJob.run(postpone.dueAt, postpone.lastError, holder.recordingId);
    if (holder && finished) run.finishJob.run(holder.recordingId);
  }
}
