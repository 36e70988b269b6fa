import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { silentLog, systemClock } from '../src/core/index.ts';
import { createSpeaker } from '../src/speech/index.ts';
import { samplesOf } from '../src/speech/testing/spoken.ts';
import { START, wait } from './support/actions.ts';
import { Harness } from './support/harness.ts';
import { type Packet, Talk } from './support/pcap.ts';
import { missing } from './support/peers.ts';

const NORMAL_PRIORITY = resolve(import.meta.dirname, '../tests/support/normal-priority.mjs');

let harness: Harness;
/** The server that is killed. */
let other: Harness;
/** A caller who describes a problem and, after a long pause, says a secret number. */
let complaint: Packet[];

beforeAll(async () => {
  const folder = mkdtempSync(join(tmpdir(), 'minivoice-said-'));
  const speaker = createSpeaker({ cacheDir: folder, clock: systemClock, log: silentLog });
  const talk = new Talk().silence(600);
  talk.sound(
    await samplesOf(speaker, 'I have been waiting for three weeks and nobody has answered my letter.', 'rms'),
  );
  talk.silence(2500).sound(await samplesOf(speaker, 'My secret number is eight three zero five.', 'rms'));
  complaint = talk.silence(500).packets;
  await speaker.close();
  rmSync(folder, { recursive: true });
  [harness, other] = await Promise.all([open(), open()]);
});
afterAll(() => Promise.all([harness.close(), other.close()]));

const open = () =>
  Harness.open({ MINIVOICE_RECOGNISER: 'base', NODE_OPTIONS: `--import ${NORMAL_PRIORITY}` });

const HELLO = {
  say: { text: 'Good morning. Please press one if you would like to hear this message again.' },
};

describe.skipIf(missing.sipp)(`a recorded call ${missing.sipp ?? ''}`, { concurrent: true }, () => {
  it('is transcribed, summarized, scored, searchable, and erased with its recording', async () => {
    const line = await harness.line(
      [START, wait(5.5), { pause_recording: {} }, wait(4), { resume_recording: {} }, HELLO],
      {
        ai_events: true,
      },
    );
    const { call } = await line.call({ talk: complaint });
    await call.next('call.completed');
    const { data } = await call.next('ai.completed');
    expect(data).toMatchObject({ transcription: 'completed', summary: 'completed', score: 'completed' });
    expect(call.eventNames.slice(-2)).toEqual(['call.completed', 'ai.completed']);

    const ai = (await line.get(`/v1/calls/${call.id}/ai`))['data'];
    const said = (speaker: string) =>
      ai.transcription.segments
        .filter((segment: { speaker: string }) => segment.speaker === speaker)
        .map(({ text }: { text: string }) => text)
        .join(' ');
    expect(said('caller')).toMatch(/waiting for three weeks/i);
    expect(said('agent')).toMatch(/press one/i);
    // Nothing contains what was said while the recording was paused.
    expect(ai.transcription.full_text).not.toMatch(/secret|eight|305/i);
    expect(ai.summary).toMatchObject({ engine: 'heuristic', sentiment: 'negative' });
    expect(ai.score.items[0]).toMatchObject({
      name: 'greeting',
      score: 20,
      evidence: expect.stringMatching(/^\[00:\d\d\] /),
    });
    expect(ai.topics.status).toBe('completed');

    const found = await line.get('/v1/transcriptions?q=waiting%20letters');
    expect(found['data'].map(({ call_id }: { call_id: string }) => call_id)).toEqual([call.id]);
    const { status } = await line.ask('DELETE', `/v1/recordings/rec_${call.id}`);
    expect(status).toBe(204);
    expect((await line.ask('GET', `/v1/calls/${call.id}/transcription`)).body['error'].code).toBe(
      'transcription_not_found',
    );
    expect((await line.get('/v1/transcriptions?q=letter'))['count']).toBe(0);
  });

  it('is transcribed and reported once although the server is killed meanwhile', async () => {
    const line = await other.line([START, wait(5.5)], { ai_events: true });
    const { call } = await line.call({ talk: complaint });
    await call.next('call.completed');
    const { body } = await line.ask('GET', `/v1/calls/${call.id}/transcription`);
    expect(body['data'].status).toBe('processing');
    await other.crash();
    await call.next('ai.completed');
    const transcription = (await line.get(`/v1/calls/${call.id}/transcription`))['data'];
    expect(transcription.full_text).toMatch(/waiting for three weeks/i);
    expect(call.eventNames.filter((event) => event.startsWith('ai.'))).toEqual(['ai.completed']);
    expect(await other.server.metrics()).toContain('minivoice_insights_waiting 0');
  });
});
