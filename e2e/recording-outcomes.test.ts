import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { START, STOP, talk, wait } from './support/actions.ts';
import { Harness } from './support/harness.ts';
import { missing } from './support/peers.ts';

let harness: Harness;
/** The audio that the caller hears. */
let played: string;
beforeAll(async () => {
  harness = await Harness.open();
  played = harness.tone(1000, 600);
});
afterAll(() => harness.close());

describe.skipIf(missing.sipp)(`recording ${missing.sipp ?? ''}`, { concurrent: true }, () => {
  it('ends when the caller hangs up, before the call does', async () => {
    const line = await harness.line([START, wait(20)]);
    const { caller, call } = await line.call({ talk });
    await call.next('recording.started');
    await caller.hangUp();
    await call.next('call.completed');
    expect(call.eventNames.slice(2)).toEqual(['recording.started', 'recording.completed', 'call.completed']);
    expect(call.outcomes).toEqual(['started', 'completed by hangup']);
    expect(call.events.at(-1)!.data['ended_by']).toBe('caller');
    expect(call.events.map(({ data }) => data['sequence'])).toEqual([1, 2, 3, 4, 5]);
  });

  it('ends when the application hangs up, by an action or over REST', async () => {
    const [byList, byRest] = await Promise.all([
      harness.line([START, wait(0.3), { hangup: {} }]),
      harness.line([START, wait(20)]),
    ]);
    const [{ call: first }, { call: second }] = await Promise.all([
      byList.call({ talk }),
      byRest.call({ talk }),
    ]);
    await second.next('recording.started');
    expect((await second.hangUp()).status).toBe(202);
    for (const call of [first, second]) {
      await call.next('call.completed');
      expect(call.outcomes).toEqual(['started', 'completed by hangup']);
    }
  });

  it('reports an error when none is running, and the actions continue', async () => {
    const line = await harness.line([STOP, wait(0.2)]);
    const { call } = await line.call();
    const { data } = await call.next('recording.failed');
    expect(data).toMatchObject({ error: { code: 'recording_not_started' } });
    await call.next('call.completed');
    expect(await call.actions()).toEqual(['stop_recording: recording_not_started', 'pause: completed']);
    expect(await call.recordings()).toEqual([]);
  });

  it('continues when it is started again', async () => {
    const line = await harness.line([START, wait(0.3), START, wait(0.3), STOP]);
    const { call } = await line.call({ talk });
    await call.next('call.completed');
    expect(call.outcomes).toEqual(['started', 'completed by stop_recording']);
    expect(await call.actions()).not.toContainEqual(expect.stringContaining('failed'));
    expect((await call.recordings())[0]!['duration_ms']).toBeGreaterThanOrEqual(580);
  });

  it('started after a stop is a second recording with its own file', async () => {
    const line = await harness.line([START, wait(0.3), STOP, START, wait(0.6), STOP]);
    const { call } = await line.call({ talk });
    await call.next('call.completed');
    expect(call.outcomes).toEqual([
      'started',
      'completed by stop_recording',
      'started',
      'completed by stop_recording',
    ]);
    const [first, second] = await call.recordings();
    expect([first!['id'], second!['id']]).toEqual([`rec_${call.id}`, `rec_${call.id}_2`]);
    expect((await call.hear(first!['id'])).durationMs).toBe(first!['duration_ms']);
    expect((await call.hear(second!['id'])).durationMs).toBe(second!['duration_ms']);
    expect(second!['duration_ms']).toBeGreaterThan(first!['duration_ms']);
    expect(call.events.map(({ data }) => data['event_key'])).toContain(`${call.id}:recording.completed:2`);
  });

  it.each([1, 2, 3])('ends once when stop and hangup come at the same time (%i)', async () => {
    const line = await harness.line([START, wait(20)]);
    const { caller, call } = await line.call({ talk });
    await call.next('recording.started');
    const [stop] = await Promise.all([call.record('stop'), caller.hangUp()]);
    await call.next('call.completed');
    expect([200, 404]).toContain(stop.status);
    expect(call.outcomes).toHaveLength(2);
    expect(call.outcomes[1]).toMatch(/^completed by (api|hangup)$/);
    expect(call.eventNames.at(-1)).toBe('call.completed');
  });

  it('is silent while it is paused', async () => {
    const pause = { pause_recording: {} };
    const line = await harness.line([
      wait(0.3),
      START,
      wait(0.5),
      pause,
      wait(0.6),
      { resume_recording: {} },
      wait(0.5),
      STOP,
    ]);
    const { call } = await line.call({ talk });
    await call.next('call.completed');
    const [recording] = await call.recordings();
    const [gap] = recording!['gaps'];
    expect(gap).toMatchObject({ cause: 'pause' });
    expect(gap.end_ms - gap.start_ms).toBeGreaterThanOrEqual(580);
    const audio = await call.hear();
    expect(audio.heard(0, 440, 40)).toEqual([
      { from: 0, to: gap.start_ms },
      { from: gap.end_ms, to: audio.durationMs },
    ]);
  });

  it('omits the pause with mode skip', async () => {
    const pause = { pause_recording: { mode: 'skip' } };
    const line = await harness.line([
      wait(0.3),
      START,
      wait(0.5),
      pause,
      wait(2),
      { resume_recording: {} },
      wait(0.5),
      STOP,
    ]);
    const { call } = await line.call({ talk });
    await call.next('call.completed');
    const [recording] = await call.recordings();
    expect(recording!['gaps']).toMatchObject([{ cause: 'skip' }]);
    expect(recording!['duration_ms']).toBeGreaterThanOrEqual(980);
    const actions = (await call.timeline('action')).map(({ duration_ms }) => duration_ms);
    const [before, , , , left] = actions;
    const total = actions.reduce((sum, ms) => sum + ms, 0);
    expect(recording!['duration_ms']).toBeLessThan(total - before - left / 2);
    const audio = await call.hear();
    expect(audio.heard(0, 440, 40)).toEqual([{ from: 0, to: recording!['duration_ms'] }]);
  });

  it('stopped while paused is complete and lists the pause', async () => {
    const line = await harness.line([START, wait(0.4), { pause_recording: {} }, wait(0.4), STOP]);
    const { call } = await line.call({ talk });
    await call.next('call.completed');
    expect(call.outcomes).toEqual(['started', 'completed by stop_recording']);
    const [recording] = await call.recordings();
    expect(recording!['gaps']).toHaveLength(1);
    expect(recording!['gaps'][0].end_ms).toBe(recording!['duration_ms']);
  });

  it('ends by itself after max_seconds', async () => {
    const line = await harness.line([{ start_recording: { max_seconds: 1 } }, wait(1.5), STOP]);
    const { call } = await line.call({ talk });
    await call.next('call.completed');
    expect(call.outcomes).toEqual(['started', 'completed by max_seconds', 'failed']);
    expect((await call.hear()).durationMs).toBe(1000);
    expect((await call.recordings())[0]).toMatchObject({ status: 'completed', duration_seconds: 1 });
  });

  it('is controlled over REST, with a status for each command', async () => {
    const line = await harness.line([wait(20)]);
    const { caller, call } = await line.call({ talk });
    await call.next('call.answered');
    expect(await call.record('stop')).toMatchObject({
      status: 404,
      body: { error: { code: 'recording_not_started', message: 'recording is not currently started' } },
    });
    const started = await call.record('start');
    expect(started).toMatchObject({
      status: 201,
      body: { data: { call_id: call.id, action: 'start', recording: { status: 'started', file_url: '' } } },
    });
    expect((await call.record('start')).status).toBe(200);
    expect((await call.record('pause')).status).toBe(200);
    expect((await call.record('resume')).status).toBe(200);
    expect(await call.record('dance')).toMatchObject({
      status: 400,
      body: { error: { code: 'invalid_action' } },
    });
    const stopped = await call.record('stop');
    expect(stopped).toMatchObject({
      status: 200,
      body: { data: { recording: { id: `rec_${call.id}`, status: 'completed', ended_by: 'api' } } },
    });
    await caller.hangUp();
    await call.next('call.completed');
    expect(call.outcomes).toEqual(['started', 'completed by api']);
    expect(await call.record('start')).toMatchObject({
      status: 404,
      body: { error: { code: 'active_call_not_found' } },
    });
  });

  it('mixes both sides into one channel with channels: 1', async () => {
    const line = await harness.line([
      wait(0.3),
      { start_recording: { channels: 1 } },
      { play: { url: played } },
      wait(0.3),
      STOP,
    ]);
    const { call } = await line.call({ talk });
    await call.next('call.completed');
    const audio = await call.hear();
    expect(audio.channels).toHaveLength(1);
    expect(audio.heardMs(0, 440)).toBeGreaterThanOrEqual(audio.durationMs - 40);
    expect(audio.heardMs(0, 1000)).toBeGreaterThanOrEqual(580);
    expect(audio.heardMs(0, 1000)).toBeLessThanOrEqual(640);
  });

  it('is an MP3 file with format mp3', async () => {
    const line = await harness.line([{ start_recording: { format: 'mp3' } }, wait(0.6), STOP]);
    const { call } = await line.call({ talk });
    const { data } = await call.next('recording.completed');
    const file = await call.file();
    expect(data).toMatchObject({ format: 'mp3', size_bytes: file.length });
    expect(file.readUInt16BE(0) & 0xffe0).toBe(0xffe0);
    expect(data['sha256']).toBe(createHash('sha256').update(file).digest('hex'));
  });

  it('begins with the answer if the application records its calls', async () => {
    const line = await harness.line([wait(2)], { record_calls: true });
    const { call } = await line.call({ talk });
    await call.next('call.completed');
    expect(call.outcomes).toEqual(['started', 'completed by hangup']);
    expect((await call.recordings())[0]!['duration_ms']).toBeGreaterThanOrEqual(1500);
  });
});
