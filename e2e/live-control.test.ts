import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Call, Harness, type Line } from './support/harness.ts';
import { Parties } from './support/parties.ts';
import { missing } from './support/peers.ts';

let harness: Harness;
const parties = new Parties();
beforeAll(async () => {
  harness = await Harness.open();
});
afterAll(async () => {
  await parties.close();
  await harness.close();
});

const play = (hz: number, ms: number) => ({ play: { url: harness.tone(hz, ms) } });
const wait = (seconds: number) => ({ pause: { seconds } });
const code = ({ status, body }: { status: number; body: { error?: { code: string } } }) =>
  `${status} ${body.error?.code ?? ''}`.trim();

describe.skipIf(missing.sipp)(`a live call ${missing.sipp ?? ''}`, { concurrent: true }, () => {
  it('interrupts a sentence for actions sent over REST', async () => {
    const text = 'This sentence is long, and nobody will ever hear how it comes to its end. '.repeat(5);
    const line = await harness.line([{ say: { text } }, play(1200, 5000)]);
    const { phone, sipp, call } = await parties.caller(line, 0);
    await phone.until(() => phone.loudness(-5) > 500, 'speech');
    const { status, body } = await call.perform([play(1000, 500), play(800, 500)]);
    expect([status, body['data']]).toEqual([202, { call_id: call.id, actions: 2 }]);
    const from = phone.frames;
    await phone.hears(1000);
    await phone.hears(800);
    await sipp.done;
    await call.next('call.completed');
    expect(await call.actions()).toEqual(['say: interrupted', 'play: completed', 'play: completed']);
    expect(phone.everIn(from)).not.toContain(1200);
  });

  it('continues its actions beside actions that take no time', async () => {
    const line = await harness.line([play(1000, 20_000)]);
    const { phone, sipp, call } = await parties.caller(line, 600);
    await phone.hears(1000);
    await call.perform([{ start_recording: {} }, { set_variable: { name: 'a', value: 'b' } }]);
    await call.next('recording.started');
    const from = phone.frames;
    await phone.more(25);
    expect(phone.everIn(from)).toEqual([1000]);
    await call.perform([{ stop_recording: {} }]);
    const { variables } = await call.next('recording.completed');
    expect(variables).toEqual({ a: 'b' });
    await call.hangUp();
    await sipp.done;
    await call.next('call.completed');
    expect((await call.hear()).heardMs(1, 1000)).toBeGreaterThan(300);
  });

  it('rejects an invalid document and continues', async () => {
    const line = await harness.line([play(1000, 5000)]);
    const { phone, call } = await parties.caller(line, 0);
    await phone.hears(1000);
    const answer = await call.perform([{ say: {} }, { dance: {} }]);
    expect(code(answer)).toBe('400 invalid_action_payload');
    expect(answer.body['error'].details).toHaveLength(2);
    await call.next('call.completed');
    expect(await call.actions()).toEqual(['play: completed']);
  });

  it('can be hung up over REST once', async () => {
    const line = await harness.line([wait(30)]);
    const { sipp, call } = await parties.caller(line, 0);
    await call.next('call.answered');
    expect(code(await call.hangUp())).toBe('202');
    await sipp.done;
    expect((await call.next('call.completed')).data).toMatchObject({
      ended_by: 'application',
      reason: 'normal',
    });
    expect(code(await call.hangUp())).toBe('404 active_call_not_found');
    expect(code(await call.perform([]))).toBe('404 active_call_not_found');
    expect(code(await call.record('start'))).toBe('404 active_call_not_found');
  });

  it('cannot be controlled by another application', async () => {
    const [line, other] = await Promise.all([harness.line([wait(30)]), harness.line([])]);
    const { sipp, call } = await parties.caller(line, 0);
    await call.next('call.answered');
    const asked = (who: Line, what: string, body: object) =>
      who.ask('POST', `/v1/calls/${call.id}/${what}`, body);
    expect(code(await asked(other, 'hangup', {}))).toBe('404 active_call_not_found');
    expect(code(await asked(other, 'actions', { actions: [] }))).toBe('404 active_call_not_found');
    expect(code(await asked(other, 'recordings', {}))).toBe('404 active_call_not_found');
    expect(code(await other.ask('GET', `/v1/calls/${call.id}`))).toBe('404 call_not_found');
    await sipp.hangUp();
  });

  it('can be recorded over REST, without the audio of the pause', async () => {
    const line = await harness.line([wait(30)]);
    const { phone, sipp, call } = await parties.caller(line, 600);
    await call.next('call.answered');
    await phone.more(5);
    expect(code(await call.record('stop'))).toBe('404 recording_not_started');
    expect(code(await call.record('pause'))).toBe('404 recording_not_started');
    expect(code(await call.record('dance'))).toBe('400 invalid_action');
    const { status, body } = await call.record('start');
    expect([status, body['data']]).toMatchObject([
      201,
      {
        call_id: call.id,
        action: 'start',
        recording: { id: `rec_${call.id}`, status: 'started', file_url: '' },
      },
    ]);
    expect(code(await call.record('start'))).toBe('200');
    await phone.more(25);
    expect(code(await call.record('pause'))).toBe('200');
    phone.say(800);
    await phone.more(25);
    phone.say(600);
    await phone.more(25);
    expect(code(await call.record('resume'))).toBe('200');
    await phone.more(25);
    const stopped = await call.record('stop');
    expect([stopped.status, stopped.body['data'].recording.status]).toEqual([200, 'completed']);
    expect(code(await call.record('stop'))).toBe('404 recording_not_started');
    await sipp.hangUp();
    await call.next('call.completed');
    expectRecorded(call, await call.recordings());
    const audio = await call.hear();
    expect(audio.heardMs(0, 800)).toBe(0);
    expect(audio.heardMs(0, 600)).toBeGreaterThan(700);
    expect(audio.durationMs - audio.heardMs(0, 600)).toBeGreaterThan(700);
  });
});

/** One recording with its pause, and one event for each outcome. */
function expectRecorded(call: Call, recordings: Record<string, unknown>[]): void {
  expect(recordings).toHaveLength(1);
  expect(recordings[0]).toMatchObject({ status: 'completed', ended_by: 'api', gaps: [{ cause: 'pause' }] });
  expect(call.eventNames.filter((event) => event === 'recording.completed')).toHaveLength(1);
  expect(call.eventNames.filter((event) => event === 'recording.started')).toHaveLength(1);
}
