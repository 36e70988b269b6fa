import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ActionsRequest } from '../tests/support/app-server.ts';
import { Baresip } from './support/baresip.ts';
import { Harness, type Line } from './support/harness.ts';
import { type Caller, Parties } from './support/parties.ts';
import { missing } from './support/peers.ts';
import type { Tone } from './support/rtp-phone.ts';

let harness: Harness;
const parties = new Parties();
beforeAll(async () => {
  harness = await Harness.open();
});
afterAll(async () => {
  await parties.close();
  await harness.close();
});

const FOUR: Tone[] = [600, 800, 1000, 1200];
const others = (hz: Tone) => FOUR.filter((tone) => tone !== hz);
const joining = (more: object = {}) => ({ conference: { room: 'meeting', ...more } });

/** Callers who each send a tone; the number that they call from contains its frequency. */
const join = (line: Line, tones: Tone[]): Promise<Caller[]> =>
  Promise.all(tones.map((hz) => parties.caller(line, hz, { from: `+1555000${hz}` })));
const toneOf = ({ body }: ActionsRequest) => Number(/\d{4}$/.exec(body.call?.['from'])![0].replace(/^0/, ''));

const leave = (callers: Caller[]) => Promise.all(callers.map(({ sipp }) => sipp.hangUp()));

describe.skipIf(missing.sipp)(`a conference ${missing.sipp ?? ''}`, { concurrent: true }, () => {
  it('plays the other three to each of four participants, and records exactly that', async () => {
    const line = await harness.line((asked) =>
      toneOf(asked) === 600 ? [{ start_recording: {} }, joining()] : [joining()],
    );
    const callers = await join(line, FOUR);
    await Promise.all(callers.map(({ phone }, i) => phone.hears(...others(FOUR[i]!))));
    const from = callers.map(({ phone }) => phone.frames);
    await Promise.all(callers.map(({ phone }) => phone.more(50)));
    for (const [i, { phone }] of callers.entries()) {
      expect(phone.everIn(from[i]!)).toEqual(others(FOUR[i]!));
      expect(phone.everIn(0)).not.toContain(FOUR[i]);
    }

    const [recorded, ...rest] = callers as [Caller, ...Caller[]];
    await rest[0]!.sipp.hangUp();
    await recorded.phone.hears(1000, 1200);
    await recorded.phone.more(30);
    await leave([recorded, ...rest.slice(1)]);
    await recorded.call.next('call.completed');
    const audio = await recorded.call.hear();
    expect(audio.heardMs(0, 600)).toBeGreaterThan(700);
    expect(audio.heardMs(1, 600)).toBe(0);
    for (const hz of others(600)) {
      expect(audio.heardMs(1, hz)).toBeGreaterThan(700);
      expect(audio.heardMs(0, hz)).toBe(0);
    }
    expect(audio.heardMs(1, 1000)).toBeGreaterThan(audio.heardMs(1, 800) + 200);
  });

  it('does not play a muted participant until they are unmuted', async () => {
    const line = await harness.line((asked) => [joining({ mute: toneOf(asked) === 600 })]);
    const [mute, other] = await join(line, [600, 800]);
    await mute!.phone.hears(800);
    await other!.phone.more(25);
    expect(other!.phone.everIn(0)).toEqual([]);
    await mute!.call.perform([{ unmute: { direction: 'write' } }]);
    await other!.phone.hears(600);
    await leave([mute!, other!]);
  });

  it('ends for everyone when a participant with end_on_exit leaves', async () => {
    const line = await harness.line((asked) => [joining({ end_on_exit: toneOf(asked) === 600 })]);
    const callers = await join(line, [600, 800, 1000]);
    const [host, guest, leaves] = callers;
    await guest!.phone.hears(600, 1000);
    await leaves!.sipp.hangUp();
    await guest!.phone.hears(600);
    await host!.sipp.hangUp();
    await guest!.sipp.done;
    const { data } = await guest!.call.next('call.completed');
    expect(data).toMatchObject({ reason: 'normal', ended_by: 'application' });
  });

  it('is silent for a single participant, and separate from the same room name of another application', async () => {
    const [line, elsewhere] = await Promise.all([harness.line([joining()]), harness.line([joining()])]);
    const [one, other, alone] = await Promise.all([
      ...[600, 800].map((hz) => parties.caller(line, hz as Tone, { from: `+1555000${hz}` })),
      parties.caller(elsewhere, 1000),
    ]);
    await Promise.all([one!.phone.hears(800), other!.phone.hears(600)]);
    await Promise.all([one!.phone.more(25), other!.phone.more(25), alone!.phone.more(25)]);
    expect([one, other, alone].map((each) => each!.phone.everIn(0))).toEqual([[800], [600], []]);
    expect(alone!.phone.loudness(0)).toBeLessThan(10);
    await leave([one!, other!, alone!]);
  });

  it('excludes a participant on hold', async () => {
    const line = await harness.line([joining()]);
    const [held, other] = await join(line, [600, 800]);
    await other!.phone.hears(600);
    await held!.call.perform([{ hold: {} }]);
    await other!.phone.hears();
    await held!.phone.more(10);
    expect(held!.phone.tonesIn(-5)).not.toContain(800);
    await held!.call.perform([{ resume: {} }]);
    await Promise.all([held!.phone.hears(800), other!.phone.hears(600)]);
    await leave([held!, other!]);
  });

  it.skipIf(missing.baresip)('plays other participants to baresip phones', async () => {
    const line = await harness.line([joining()]);
    const phones = await Promise.all([600, 800].map((hz) => Baresip.start({ hz })));
    const third = await parties.caller(line, 1000);
    await Promise.all(phones.map((phone) => phone.dial(line.uri)));
    await third.phone.hears(600, 800);
    await third.phone.more(50);
    await Promise.all(phones.map((phone) => phone.hangUp()));
    const [one, two] = await Promise.all(phones.map((phone) => phone.heard()));
    await Promise.all(phones.map((phone) => phone.close()));
    expect([600, 800, 1000].map((hz) => one!.heardMs(0, hz) > 400)).toEqual([false, true, true]);
    expect([600, 800, 1000].map((hz) => two!.heardMs(0, hz) > 400)).toEqual([true, false, true]);
    await leave([third]);
  });
});
