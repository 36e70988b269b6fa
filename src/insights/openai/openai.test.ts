import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { silentLog, systemClock } from '../../core/index.ts';
import { createHttpClient, type HttpClient } from '../../net/index.ts';
import { joined, RATE, silence, writeWav } from '../../speech/testing/spoken.ts';
import { aCall, aRecording } from '../../storage/testing/records.ts';
import { tryInOrder } from '../engines.ts';
import { HeuristicAnalyst } from '../heuristic/heuristic-analyst.ts';
import { OpenAiAnalyst, OpenAiTranscriber } from '../index.ts';
import { AiServer } from '../testing/ai-server.ts';

const folder = mkdtempSync(join(tmpdir(), 'minivoice-openai-'));
const path = join(folder, 'call.wav');
const { signal } = new AbortController();
const tone = Int16Array.from({ length: RATE }, (_, i) => 9000 * Math.sin(i * 0.3));
const recording = aRecording(aCall('call_1'));
let server: AiServer;
let http: HttpClient;

beforeEach(async () => {
  server = await AiServer.start();
  http = createHttpClient({ allowPrivate: true });
});
afterEach(async () => {
  await http.close();
  await server.close();
});
afterAll(() => rmSync(folder, { recursive: true }));

const settings = () => ({ http, baseUrl: server.baseUrl, apiKey: 'sk-1', model: 'their-model' });

describe('transcription by a server', () => {
  const transcriber = (language: string | null = 'en-GB') =>
    new OpenAiTranscriber({ ...settings(), language });

  it('sends each channel as a form and sorts the segments by time', async () => {
    writeWav(path, [joined([silence(2000), tone]), joined([tone, silence(2000)])]);
    const segments = [
      [{ start: 2, end: 3, text: ' And mine? ' }],
      [{ start: 0.1, end: 0.9, text: 'Good morning.' }],
    ];
    server.transcription = () => ({
      json: { language: 'english', text: '', segments: segments[server.asked.length - 1] },
    });
    expect(await transcriber().transcribe(recording, path, signal)).toEqual({
      engine: 'their-model',
      language: 'en',
      segments: [
        { speaker: 'agent', text: 'Good morning.', startMs: 100, endMs: 900 },
        { speaker: 'caller', text: 'And mine?', startMs: 2000, endMs: 3000 },
      ],
    });
    const [first] = server.asked;
    expect(first).toMatchObject({ path: '/v1/audio/transcriptions', authorization: 'Bearer sk-1' });
    expect(first!.type).toMatch(/^multipart\/form-data; boundary=/);
    expect(first!.body).toContain('name="model"\r\n\r\ntheir-model');
    expect(first!.body).toContain('name="response_format"\r\n\r\nverbose_json');
    expect(first!.body).toContain('name="language"\r\n\r\nen\r\n');
    expect(first!.body).toContain('RIFF');
  });

  it('sends neither silent channels nor paused ranges', async () => {
    writeWav(path, [silence(1000), tone]);
    const paused = { ...recording, gaps: [{ startMs: 0, endMs: 2000, cause: 'pause' as const }] };
    expect((await transcriber().transcribe(paused, path, signal)).segments).toEqual([]);
    expect(server.asked).toEqual([]);
    await transcriber().transcribe(recording, path, signal);
    expect(server.asked).toHaveLength(1);
  });

  it('sends long recordings in pieces with continuous time', async () => {
    writeWav(path, [joined(Array.from({ length: 700 }, () => tone))]);
    server.transcription = () => ({ json: { text: '', segments: [{ start: 1, end: 2, text: 'x' }] } });
    const { segments } = await transcriber(null).transcribe(recording, path, signal);
    expect(server.asked).toHaveLength(2);
    expect(segments[0]).toMatchObject({ startMs: 1000 });
    expect(segments[1]!.startMs).toBeGreaterThan(400_000);
    expect(segments[1]!.startMs).toBeLessThan(601_100);
  });

  it.each([
    ['an error', { status: 401, json: { error: 'no' } }],
    ['no JSON', { text: '<html>' }],
    ['another shape', { json: { segments: 'none' } }],
  ])('rejects with ai_endpoint_failed when the server answers with %s', async (_, reply) => {
    writeWav(path, [tone]);
    server.transcription = () => reply;
    await expect(transcriber().transcribe(recording, path, signal)).rejects.toMatchObject({
      code: 'ai_endpoint_failed',
    });
  });

  it('rejects when the signal aborts', async () => {
    writeWav(path, [tone]);
    const abort = new AbortController();
    server.transcription = () => {
      abort.abort(new Error('closing'));
      return { hang: true };
    };
    await expect(transcriber().transcribe(recording, path, abort.signal)).rejects.toThrow('closing');
  });
});

describe('analysis by a model', () => {
  const material = {
    customerId: 'cust_1',
    spoken: [
      { recordingId: 'rec_1', speaker: 'agent' as const, text: 'Good morning.', startMs: 0, endMs: 900 },
      { recordingId: 'rec_1', speaker: 'caller' as const, text: 'It is broken.', startMs: 1000, endMs: 2000 },
    ],
    scorecard: [
      {
        name: 'greeting',
        weight: 10,
        lookFor: ['hello'],
        speaker: 'agent' as const,
        where: 'start' as const,
      },
    ],
  };
  const summary = {
    ...{
      summary: 'It broke.',
      outcome: 'unresolved',
      outcome_line: 2,
      sentiment: 'negative',
      sentiment_line: 2,
    },
    ...{ action_items: [{ text: 'Send a new one', line: 99 }], key_points: [], confidence: 0.9 },
  };
  const analyst = () => new OpenAiAnalyst(settings());

  it('sends the numbered transcript and a schema, and ignores lines that do not exist', async () => {
    server.completion = () => AiServer.says(summary);
    const made = await analyst().analyze('summary', material, signal);
    expect(made).toMatchObject({
      summary: 'It broke.',
      sentiment: 'negative',
      sentimentEvidence: { text: 'It is broken.', startMs: 1000 },
      actionItems: [{ text: 'Send a new one', evidence: null }],
    });
    const { model, messages } = JSON.parse(server.asked[0]!.body);
    expect(model).toBe('their-model');
    expect(messages[0].content).toContain('"sentiment_line"');
    expect(messages[1].content).toContain('2 [1 s] caller: It is broken.');
  });

  it('scores only items of the scorecard, up to their weight', async () => {
    const items = [
      { name: 'greeting', score: 50, reason: 'It was said.', line: 1 },
      { name: 'flattery', score: 50, reason: 'Why not.', line: null },
    ];
    server.completion = () => AiServer.says({ items, confidence: 1 });
    expect((await analyst().analyze('score', material, signal)).items).toMatchObject([
      { name: 'greeting', score: 10, maxScore: 10, evidence: { text: 'Good morning.' } },
    ]);
  });

  it('reads JSON in a code fence', async () => {
    const topics = { topics: [{ topic: 'Broken Device', raw_topic: 'broken', confidence: 0.8, line: 2 }] };
    server.completion = () => AiServer.says(`\`\`\`json\n${JSON.stringify(topics)}\n\`\`\``);
    expect(await analyst().analyze('topics', material, signal)).toMatchObject([
      { normalizedTopic: 'broken_device', evidence: { startMs: 1000 } },
    ]);
  });

  it('retries once with the reason when the answer does not match the schema', async () => {
    const replies = [AiServer.says({ ...summary, sentiment: 'furious' }), AiServer.says(summary)];
    server.completion = () => replies.shift()!;
    expect(await analyst().analyze('summary', material, signal)).toMatchObject({ sentiment: 'negative' });
    const { messages } = JSON.parse(server.asked[1]!.body);
    expect(messages).toHaveLength(4);
    expect(messages[3].content).toContain('sentiment');
  });

  it.each([
    ['nonsense twice', () => AiServer.says('I am sorry, Dave.'), 2],
    ['an error', () => ({ status: 500, json: {} }), 1],
    ['another shape', () => ({ json: { choices: [] } }), 1],
    ['a closed connection', () => ({ reset: true as const }), 1],
  ])('uses the embedded engine after %s', async (_, reply, times) => {
    server.completion = reply;
    const heuristic = new HeuristicAnalyst({ clock: systemClock, log: silentLog });
    const engines = [analyst(), heuristic];
    const made = await tryInOrder(
      engines,
      async (one) => ({ engine: one.engine, data: await one.analyze('summary', material, signal) }),
      signal,
      silentLog,
    );
    expect(made).toMatchObject({ engine: 'heuristic', data: { sentiment: 'neutral' } });
    expect(server.asked).toHaveLength(times);
    await heuristic.close();
  });

  it('does not connect to an address that is not allowed', async () => {
    const guarded = createHttpClient({ allowPrivate: false });
    const inside = new OpenAiAnalyst({ ...settings(), http: guarded });
    await expect(inside.analyze('topics', material, signal)).rejects.toMatchObject({
      code: 'address_not_allowed',
    });
    expect(server.asked).toEqual([]);
    await guarded.close();
  });
});
