import type { TestServer } from '../../src/api/testing/test-server.ts';
import type { CallRecord } from '../../src/calls/index.ts';
import { aTranscript, someParts } from '../../src/insights/testing/records.ts';
import { aCall, anAttempt, anEvent, aRecording } from '../../src/storage/testing/records.ts';

/** Calls, events and the rest as large as a customer can make them, of one application. */
export const LARGE = 200;
/** Calls as they are, of which a filter finds few. */
export const SMALL = 20_000;

const metadata = Object.fromEntries(Array.from({ length: 64 }, (_, n) => [`k${n}`, 'x'.repeat(240)]));
const variables = Object.fromEntries(Array.from({ length: 100 }, (_, n) => [`v${n}`, 'x'.repeat(4096)]));

/** Fills a database to the limits that the contract sets. */
export async function fill(server: TestServer) {
  const { directory, storage, live } = server;
  const customer = await directory.createCustomer({ name: 'Bench' });
  const customerId = customer.id;
  const answerUrl = 'https://example.com/answer';
  const { application, apiKey: key } = await directory.createApplication({
    customerId,
    name: 'Bench',
    answerUrl,
  });
  const applicationId = application.id;
  const owner = { customerId, applicationId, routingTarget: applicationId };
  const did = await directory.dids.create({ customerId, applicationId, numberE164: '+15550100000' });
  const trunk = await directory.trunks.create({ customerId, name: 'Bench', proxy: 'sip.example.com' });
  const { phone } = await directory.phones.create({ customerId, username: 'bench' });
  const lookFor = Array.from({ length: 50 }, () => 'x'.repeat(300));
  const item = { name: 'x', weight: 1, lookFor, speaker: 'agent', where: 'anywhere' } as const;
  for (let n = 0; n < 80; n++)
    await directory.createApplication({ customerId, name: `Bench ${n}`, answerUrl, scorecard: [item, item] });
  await inPieces(SMALL, (n) => {
    const direction = n % 10_000 === 0 ? 'outbound' : 'inbound';
    return storage.commit({
      call: aCall(storage.ids.next('call'), { ...owner, direction, status: 'completed' }),
    });
  });
  const [call, spare] = [await long(server, owner, LARGE), await long(server, owner, LARGE + 1)];
  live.add(call.id);
  // Only a call whose events are delivered can be erased.
  for (let cursor: string | undefined | null; cursor !== null; ) {
    const page = await storage.events({ callId: spare.id }, { limit: 1000, cursor });
    for (const { id } of page.data)
      await storage.saveEventState({ id, state: 'delivered', attempts: 1, nextAttemptAt: null });
    cursor = page.nextCursor;
  }
  await inPieces(LARGE, (n) => large(server, owner, n).then(() => {}));
  const [event] = (await storage.events({ callId: call.id }, { limit: 1 })).data;
  for (let n = 0; n < 400; n++)
    await storage.saveAttempt(anAttempt(`dlv_${1000 + n}`, event!.id, { answer: 'x'.repeat(4096) }), event!);
  return {
    key,
    call,
    spare,
    recording: `rec_${call.id}`,
    event: event!,
    application,
    customer,
    did,
    trunk,
    phone,
  };
}

/** A large call on which much has happened. */
async function long(server: TestServer, owner: object, n: number): Promise<CallRecord> {
  const call = await large(server, owner, n);
  const body = 'x'.repeat(64 * 1024);
  const timeline = Array.from({ length: 300 }, (_, at) => ({
    callId: call.id,
    at,
    kind: 'request',
    data: { body },
  }));
  await server.storage.commit({ timeline, events: Array.from({ length: 200 }, () => anEvent(call)) });
  return call;
}

async function large({ storage }: TestServer, owner: object, n: number): Promise<CallRecord> {
  const call = aCall(storage.ids.next('call'), { ...owner, metadata, variables, status: 'completed' });
  const gap = (at: number) => ({ startMs: at, endMs: at + 1, cause: 'pause' as const });
  const recording = aRecording(call, {
    status: 'completed',
    gaps: Array.from({ length: 500 }, (_, at) => gap(at)),
  });
  await storage.commit({ call, recording, events: [anEvent(call)] });
  const of = { recordingId: recording.id, callId: call.id, applicationId: call.applicationId };
  const text = `where is my parcel number ${n} `.repeat(20);
  const segments = Array.from({ length: 400 }, (_, at) => {
    return { speaker: 'caller' as const, text, startMs: at * 1000, endMs: at * 1000 + 900 };
  });
  await storage.commit({
    insights: { transcript: aTranscript(of, { segments, fullText: text.repeat(400) }) },
  });
  for (const part of someParts(of)) await storage.commit({ insights: { part } });
  return call;
}

async function inPieces(count: number, work: (n: number) => Promise<void>): Promise<void> {
  for (let from = 0; from < count; from += 500)
    await Promise.all(Array.from({ length: Math.min(500, count - from) }, (_, n) => work(from + n)));
}
