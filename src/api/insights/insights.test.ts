import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { aTranscript } from '../../insights/testing/records.ts';
import { aCall, aRecording } from '../../storage/testing/records.ts';
import { type House, openHouse, type Settled, settle } from '../testing/house.ts';

let house: House;
let ours: Settled;

beforeEach(async () => {
  house = await openHouse();
  ours = await settle(house, 'Ours', '+15550100001');
});
afterEach(() => house.close());

const ask = (path: string, method = 'GET') => house.ask(method, path, ours.key);
const ofCall = (part: string, call = ours.call) => ask(`/v1/calls/${call.id}/${part}`);

/** A call of ours of which nothing is known but what `pending` says. */
async function anotherCall({ pending = false } = {}) {
  const { customerId, applicationId } = ours.call;
  const call = aCall(house.storage.ids.next('call'), { customerId, applicationId });
  const recording = aRecording(call, { status: 'completed' });
  await house.storage.commit({ call, recording });
  const job = { recordingId: recording.id, callId: call.id, applicationId, createdAt: 1 };
  if (pending) await house.storage.commit({ insights: { enqueue: [job] } });
  return { call, recording, job };
}

describe('what was made of a call', () => {
  it('is read whole', async () => {
    const { body } = await ofCall('ai');
    expect(body.data.call.id).toBe(ours.call.id);
    expect(body.data.transcription).toMatchObject({
      status: 'completed',
      language: 'en',
      full_text: 'Good morning, Harbour Parcels.\nWhere is my parcel?',
      segments: [
        { speaker: 'agent', start_ms: 400, end_ms: 2100 },
        { speaker: 'caller', text: 'Where is my parcel?', recording_id: ours.recording.id },
      ],
    });
    expect(body.data.summary).toMatchObject({
      status: 'completed',
      engine: 'heuristic',
      sentiment: 'neutral',
    });
    expect(body.data.topics).toMatchObject({ count: 1, data: [{ topic: 'Delivery' }] });
  });

  it('is read part by part, each claim with the place that it stands on', async () => {
    expect((await ofCall('transcription')).body.data.status).toBe('completed');
    expect((await ofCall('ai-summary')).body.data).toMatchObject({
      action_items: ['Caller: I will call again.'],
      key_points: ['Where is my parcel?'],
      evidence: {
        action_items: [null],
        key_points: [{ start_ms: 12_600, end_ms: 13_900, speaker: 'caller' }],
      },
    });
    expect((await ofCall('ai-score')).body.data).toMatchObject({
      total_score: 20,
      max_score: 30,
      percentage: 66.7,
      items: [
        { name: 'greeting', evidence: '[00:12] Where is my parcel?', evidence_at: { start_ms: 12_600 } },
        { name: 'closing', evidence: '', evidence_at: null },
      ],
    });
    expect((await ofCall('ai-topics')).body).toMatchObject({
      count: 1,
      data: [{ topic: 'Delivery', raw_topic: 'parcel', normalized_topic: 'delivery' }],
    });
  });

  it('is processing from the moment its recording is complete until it is there, part by part', async () => {
    const { call, job } = await anotherCall({ pending: true });
    for (const part of ['transcription', 'ai-summary', 'ai-score']) {
      expect((await ofCall(part, call)).body.data.status).toBe('processing');
    }
    expect((await ofCall('ai-topics', call)).body).toMatchObject({ status: 'processing', count: 0 });
    await house.storage.commit({ insights: { transcript: aTranscript(job) } });
    expect((await ofCall('transcription', call)).body.data.status).toBe('completed');
    expect((await ofCall('ai-summary', call)).body.data.status).toBe('processing');
  });

  it('is missing, each part with a code of its own, where the call was never recorded', async () => {
    const { call } = await anotherCall();
    const missing = ['transcription', 'ai-summary', 'ai-score', 'ai-topics'];
    for (const part of missing) {
      const { status, body } = await ofCall(part, call);
      expect(`${status} ${body.error.code}`).toBe(`404 ${part.replace('-', '_')}_not_found`);
    }
    const { body } = await ofCall('ai', call);
    expect(body.data).toMatchObject({ transcription: null, summary: null, score: null, topics: null });
    expect((await ask('/v1/calls/call_none/ai-score')).body.error.code).toBe('call_not_found');
  });

  it('has failed without hiding the rest, and says why', async () => {
    const { call, job } = await anotherCall();
    const error = { code: 'recognition_failed', message: 'the file cannot be read' };
    const failed = { status: 'failed' as const, segments: [], fullText: '', error };
    await house.storage.commit({ insights: { transcript: aTranscript(job, failed) } });
    expect((await ofCall('transcription', call)).body.data).toMatchObject({ status: 'failed', error });
    expect((await ofCall('ai', call)).body.data.call.id).toBe(call.id);
  });

  it('covers all recordings of the call, one after the other', async () => {
    const { call, job } = await anotherCall();
    for (const recordingId of [`${job.recordingId}_10`, `${job.recordingId}_2`, job.recordingId]) {
      await house.storage.commit({ insights: { transcript: aTranscript({ ...job, recordingId }) } });
    }
    const { segments } = (await ofCall('transcription', call)).body.data;
    const recordings = segments.map(({ recording_id }: { recording_id: string }) => recording_id);
    expect([...new Set(recordings)]).toEqual([
      job.recordingId,
      `${job.recordingId}_2`,
      `${job.recordingId}_10`,
    ]);
  });

  it('is made anew on demand', async () => {
    const { status, body } = await ask(`/v1/calls/${ours.call.id}/ai/reprocess`, 'POST');
    expect(status).toBe(202);
    expect(body.data).toEqual({ call_id: ours.call.id, status: 'processing', recordings: 1 });
    expect(house.reprocessed).toEqual([ours.call.id]);
  });

  it('is gone with its recording', async () => {
    expect((await ask(`/v1/recordings/${ours.recording.id}`, 'DELETE')).status).toBe(204);
    for (const part of ['transcription', 'ai-summary', 'ai-score', 'ai-topics']) {
      expect((await ofCall(part)).status).toBe(404);
    }
    expect((await ask('/v1/transcriptions?q=parcel')).body.count).toBe(0);
  });
});

describe('what was said', () => {
  it('is found by its words in one’s own calls, with the segments that hold them', async () => {
    await settle(house, 'Theirs', '+15550100002');
    const { body } = await ask('/v1/transcriptions?q=parcels%20where');
    expect(body).toMatchObject({
      count: 1,
      data: [{ call_id: ours.call.id, recording_id: ours.recording.id, application_id: ours.application.id }],
    });
    expect(body.data[0].matches).toHaveLength(2);
    expect((await ask('/v1/transcriptions?q=parcel%20giraffe')).body.count).toBe(0);
    expect((await ask('/v1/transcriptions')).body.count).toBe(1);
  });
});

describe('how an application wants it', () => {
  const address = () => `/v1/applications/${ours.application.id}`;
  const patch = (body: unknown) => house.ask('PATCH', address(), ours.key, body);

  it('is on unless it is turned off', async () => {
    expect((await ask(address())).body).toMatchObject({
      ai_enabled: true,
      ai_events: false,
      scorecard: null,
      ai: null,
    });
  });

  it('is a scorecard of its own', async () => {
    const scorecard = [{ name: 'upsell', weight: 5, look_for: ['premium plan'] }];
    const { body } = await patch({ scorecard, ai_events: true });
    expect(body.scorecard).toEqual([
      { name: 'upsell', weight: 5, look_for: ['premium plan'], speaker: 'agent', where: 'anywhere' },
    ]);
    expect(body.ai_events).toBe(true);
    expect((await patch({ scorecard: null })).body.scorecard).toBeNull();
    expect((await patch({ scorecard: [] })).status).toBe(400);
  });

  it('is a server of its own, whose key is sealed where it is kept and never shown', async () => {
    const ai = { base_url: 'https://ai.example.com/v1/', api_key: 'sk-secret', chat_model: 'small' };
    const { body, text } = await patch({ ai });
    expect(body.ai).toEqual({
      ...{ base_url: 'https://ai.example.com/v1', api_key_set: true, chat_model: 'small' },
      ...{ transcription_model: null, speech_model: null, speech_voice: null },
    });
    expect(text).not.toContain('sk-secret');
    expect(JSON.stringify(await house.storage.load())).not.toContain('sk-secret');
    expect(house.directory.application(ours.application.id)?.ai?.apiKey).toBe('sk-secret');
    expect((await patch({ ai: null })).body.ai).toBeNull();
  });
});
