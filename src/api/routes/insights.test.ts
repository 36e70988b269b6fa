import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { aTranscript } from '../../insights/testing/records.ts';
import { aCall, aRecording } from '../../storage/testing/records.ts';
import {
  type SeededCustomer,
  seedCustomer,
  startTestServer,
  type TestServer,
} from '../testing/test-server.ts';

let server: TestServer;
let ours: SeededCustomer;

beforeEach(async () => {
  server = await startTestServer();
  ours = await seedCustomer(server, 'Ours', '+15550100001');
});
afterEach(() => server.close());

const request = (path: string, method = 'GET') => server.request(method, path, ours.key);
const ofCall = (part: string, call = ours.call) => request(`/v1/calls/${call.id}/${part}`);

/** Adds a recorded call without a transcript. @param pending whether its transcription is queued. */
async function addCall({ pending = false } = {}) {
  const { customerId, applicationId } = ours.call;
  const call = aCall(server.storage.ids.next('call'), { customerId, applicationId });
  const recording = aRecording(call, { status: 'completed' });
  await server.storage.commit({ call, recording });
  const job = { recordingId: recording.id, callId: call.id, applicationId, createdAt: 1 };
  if (pending) await server.storage.commit({ insights: { enqueue: [job] } });
  return { call, recording, job };
}

describe('the transcript and analysis of a call', () => {
  it('is returned as a whole', async () => {
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

  it('is returned in parts, with the supporting passages', async () => {
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

  it('is processing until each part is complete', async () => {
    const { call, job } = await addCall({ pending: true });
    for (const part of ['transcription', 'ai-summary', 'ai-score']) {
      expect((await ofCall(part, call)).body.data.status).toBe('processing');
    }
    expect((await ofCall('ai-topics', call)).body).toMatchObject({ status: 'processing', count: 0 });
    await server.storage.commit({ insights: { transcript: aTranscript(job) } });
    expect((await ofCall('transcription', call)).body.data.status).toBe('completed');
    expect((await ofCall('ai-summary', call)).body.data.status).toBe('processing');
  });

  it('does not exist without a recording; each part has its own error code', async () => {
    const { call } = await addCall();
    const missing = ['transcription', 'ai-summary', 'ai-score', 'ai-topics'];
    for (const part of missing) {
      const { status, body } = await ofCall(part, call);
      expect(`${status} ${body.error.code}`).toBe(`404 ${part.replace('-', '_')}_not_found`);
    }
    const { body } = await ofCall('ai', call);
    expect(body.data).toMatchObject({ transcription: null, summary: null, score: null, topics: null });
    expect((await request('/v1/calls/call_none/ai-score')).body.error.code).toBe('call_not_found');
  });

  it('shows the error of a failed part, and the other parts', async () => {
    const { call, job } = await addCall();
    const error = { code: 'recognition_failed', message: 'the file cannot be read' };
    const failed = { status: 'failed' as const, segments: [], fullText: '', error };
    await server.storage.commit({ insights: { transcript: aTranscript(job, failed) } });
    expect((await ofCall('transcription', call)).body.data).toMatchObject({ status: 'failed', error });
    expect((await ofCall('ai', call)).body.data.call.id).toBe(call.id);
  });

  it('covers all recordings of the call in order', async () => {
    const { call, job } = await addCall();
    for (const recordingId of [`${job.recordingId}_10`, `${job.recordingId}_2`, job.recordingId]) {
      await server.storage.commit({ insights: { transcript: aTranscript({ ...job, recordingId }) } });
    }
    const { segments } = (await ofCall('transcription', call)).body.data;
    const recordings = segments.map(({ recording_id }: { recording_id: string }) => recording_id);
    expect([...new Set(recordings)]).toEqual([
      job.recordingId,
      `${job.recordingId}_2`,
      `${job.recordingId}_10`,
    ]);
  });

  it('is created again on request', async () => {
    const { status, body } = await request(`/v1/calls/${ours.call.id}/ai/reprocess`, 'POST');
    expect(status).toBe(202);
    expect(body.data).toEqual({ call_id: ours.call.id, status: 'processing', recordings: 1 });
    expect(server.reprocessed).toEqual([ours.call.id]);
  });

  it('is deleted with its recording', async () => {
    expect((await request(`/v1/recordings/${ours.recording.id}`, 'DELETE')).status).toBe(204);
    for (const part of ['transcription', 'ai-summary', 'ai-score', 'ai-topics']) {
      expect((await ofCall(part)).status).toBe(404);
    }
    expect((await request('/v1/transcriptions?q=parcel')).body.count).toBe(0);
  });
});

describe('the search in transcripts', () => {
  it('finds words in the calls of the application, with the matching segments', async () => {
    await seedCustomer(server, 'Theirs', '+15550100002');
    const { body } = await request('/v1/transcriptions?q=parcels%20where');
    expect(body).toMatchObject({
      count: 1,
      data: [{ call_id: ours.call.id, recording_id: ours.recording.id, application_id: ours.application.id }],
    });
    expect(body.data[0].matches).toHaveLength(2);
    expect((await request('/v1/transcriptions?q=parcel%20giraffe')).body.count).toBe(0);
    expect((await request('/v1/transcriptions')).body.count).toBe(1);
  });
});

describe('the AI settings of an application', () => {
  const path = () => `/v1/applications/${ours.application.id}`;
  const patch = (body: unknown) => server.request('PATCH', path(), ours.key, body);

  it('are on by default', async () => {
    expect((await request(path())).body).toMatchObject({
      ai_enabled: true,
      ai_events: false,
      scorecard: null,
      ai: null,
    });
  });

  it('can have a scorecard', async () => {
    const scorecard = [{ name: 'upsell', weight: 5, look_for: ['premium plan'] }];
    const { body } = await patch({ scorecard, ai_events: true });
    expect(body.scorecard).toEqual([
      { name: 'upsell', weight: 5, look_for: ['premium plan'], speaker: 'agent', where: 'anywhere' },
    ]);
    expect(body.ai_events).toBe(true);
    expect((await patch({ scorecard: null })).body.scorecard).toBeNull();
    expect((await patch({ scorecard: [] })).status).toBe(400);
  });

  it('can have an AI server, whose key is stored encrypted and never returned', async () => {
    const ai = { base_url: 'https://ai.example.com/v1/', api_key: 'sk-secret', chat_model: 'small' };
    const { body, text } = await patch({ ai });
    expect(body.ai).toEqual({
      ...{ base_url: 'https://ai.example.com/v1', api_key_set: true, chat_model: 'small' },
      ...{ transcription_model: null, speech_model: null, speech_voice: null },
    });
    expect(text).not.toContain('sk-secret');
    expect(JSON.stringify(await server.storage.load())).not.toContain('sk-secret');
    expect(server.directory.application(ours.application.id)?.ai?.apiKey).toBe('sk-secret');
    expect((await patch({ ai: null })).body.ai).toBeNull();
  });
});
