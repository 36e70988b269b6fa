import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSoundDecoder, toneLevel } from '../src/audio/index.ts';
import { silentLog, systemClock } from '../src/core/index.ts';
import type { Step } from './support/answerer.ts';
import { Example } from './support/example.ts';
import { type Call, Harness, type Line } from './support/harness.ts';
import { type Caller, Parties } from './support/parties.ts';
import { missing } from './support/peers.ts';
import type { RtpPhone, Tone } from './support/rtp-phone.ts';

let harness: Harness;
const parties = new Parties();
const examples: Example[] = [];
beforeAll(async () => {
  harness = await Harness.open();
});
afterAll(async () => {
  for (const example of examples) example.close();
  await parties.close();
  await harness.close();
});

async function run(name: string, env: Record<string, string> = {}): Promise<Example> {
  const example = await Example.start(harness, name, env);
  examples.push(example);
  return example;
}

const speech = (phone: RtpPhone) => phone.until(() => phone.loudness(-5) > 500, 'speech');

/** Presses keys during the prompt. */
async function answerPrompt({ phone, call }: Caller, keys: string): Promise<void> {
  await speech(phone);
  phone.press(keys);
  await call.next('call.gathered');
}

/** Resolves when an action has ended with this status. */
async function performed(call: Call, outcome: string, { phone }: Caller): Promise<void> {
  while (!(await call.actions()).includes(outcome)) await phone.more(5);
}

const BUSY: Step[] = [{ say: 486 }, { hear: 'ACK' }];

describe.skipIf(missing.sipp)(
  `the example ${missing.sipp ?? ''}`,
  { concurrent: true, timeout: 180_000 },
  () => {
    it('ivr speaks the opening hours for 1 and calls the desk for 2', async () => {
      const bob = await parties.callee(800);
      const { line } = await run('ivr', { DESK: bob.uri });
      const alice = await parties.caller(line, 600);
      await answerPrompt(alice, '1');
      await answerPrompt(alice, '2');
      await Promise.all([alice.phone.hears(800), bob.phone.hears(600)]);
      await bob.sipp.hangUp();
      await alice.call.next('call.completed');
      expect(await alice.call.actions()).toEqual([
        ...['gather: completed', 'redirect: completed', 'gather: completed', 'redirect: completed'],
        ...['say: completed', 'bridge: completed'],
      ]);
    });

    it('gather-and-transfer connects a customer with their agent', async () => {
      const bob = await parties.callee(800);
      const { line } = await run('gather-and-transfer');
      await line.ask('POST', '/v1/trunks', { name: 'Carrier', proxy: `127.0.0.1:${bob.sipp.port}` });
      const alice = await parties.caller(line, 600);
      await answerPrompt(alice, '1001#');
      await Promise.all([alice.phone.hears(800), bob.phone.hears(600)]);
      await alice.sipp.hangUp();
      await bob.sipp.done;
      const { variables } = await alice.call.next('call.completed');
      expect(variables).toEqual({ customer: '1001' });
    });

    it('forwarding tries both destinations and then takes a message', async () => {
      const [mobile, office] = await Promise.all([parties.callee(0, BUSY), parties.callee(0, BUSY)]);
      const example = await run('forwarding', { MOBILE: mobile.uri, OFFICE: office.uri });
      const alice = await parties.caller(example.line, 600);
      await alice.call.next('recording.started');
      await alice.phone.more(50);
      alice.phone.press('5');
      await alice.call.next('call.completed');
      await Promise.all([mobile.sipp.done, office.sipp.done, alice.sipp.done]);
      expect(await alice.call.actions()).toEqual([
        ...['bridge: busy', 'bridge: busy', 'say: completed', 'start_recording: completed'],
        ...['gather: completed', 'stop_recording: completed', 'say: completed'],
      ]);
      expect((await alice.call.hear()).heardMs(0, 600)).toBeGreaterThan(700);
      expect(example.printed.some((text) => text.includes(`rec_${alice.call.id}`))).toBe(true);
    });

    it('conference admits callers with a PIN and ends with its host', async () => {
      const { line } = await run('conference');
      const enter = async (hz: Tone, pin: string) => {
        const caller = await parties.caller(line, hz, { from: `+1555000${hz}` });
        await answerPrompt(caller, pin);
        return caller;
      };
      const [host, guest, listener] = await Promise.all([
        ...[enter(600, '4711'), enter(800, '1234'), enter(1000, '9999')],
      ]);
      await Promise.all([
        ...[host!.phone.hears(800), guest!.phone.hears(600), listener!.phone.hears(600, 800)],
      ]);
      await host!.sipp.hangUp();
      await Promise.all([guest!.sipp.done, listener!.sipp.done]);
    });

    it('voicemail keeps the message after the tone', async () => {
      const example = await run('voicemail');
      const alice = await parties.caller(example.line, 600);
      await alice.phone.hears(1000);
      await alice.call.next('recording.started');
      await alice.phone.more(50);
      alice.phone.press('5');
      const { data } = await alice.call.next('recording.completed');
      expect(data).toMatchObject({ channels: 1, format: 'mp3' });
      await alice.call.next('call.gathered');
      await answerPrompt(alice, '1');
      await alice.call.next('call.completed');
      const decoder = createSoundDecoder({ clock: systemClock, log: silentLog });
      const { samples } = await decoder.decode(await alice.call.file());
      await decoder.close();
      expect(toneLevel(samples.subarray(1600, 6400), 600)).toBeGreaterThan(1500);
      expect(samples.length / 8).toBeGreaterThan(900);
      expect(example.printed.at(-1)).toMatch(/^\+15557654321: rec_call_.*, 1 s, ended by stop_recording$/);
    });

    it('stream-echo plays the caller’s audio back two seconds later', async () => {
      const { line } = await run('stream-echo');
      const alice = await parties.caller(line, 600);
      await alice.phone.hears(600);
      expect((await alice.call.actions()).slice(0, 2)).toEqual(['say: completed', 'start_stream: completed']);
      await alice.sipp.hangUp();
    });

    it('payment leaves no card number and no paused audio in any file', async () => {
      const CARD = '4111111111111111';
      const { line } = await run('payment');
      const alice = await parties.caller(line, 600);
      await alice.call.next('recording.started');
      await performed(alice.call, 'pause_recording: completed', alice);
      alice.phone.say(1400);
      await answerPrompt(alice, `${CARD}#`);
      await speech(alice.phone);
      alice.phone.press('73');
      await alice.phone.more(30);
      alice.phone.say(600);
      await alice.phone.more(25);
      alice.phone.press('7');
      expect((await alice.call.next('call.gathered')).data['digits']).toBe('737');
      await alice.call.next('call.completed');
      expect((await alice.call.actions()).at(-2)).toBe('resume_recording: completed');

      const audio = await alice.call.hear();
      expect(audio.heardMs(0, 1400)).toBe(0);
      expect(audio.heard(0, 600)[0]!.from).toBeLessThan(300);
      expect(audio.heard(0, 600).at(-1)!.to).toBeGreaterThan(audio.durationMs - 200);
      const [recording] = await alice.call.recordings();
      expect(recording!['gaps']).toContainEqual(expect.objectContaining({ cause: 'pause' }));
      await expectNowhere(line, alice.call, CARD);
    });
  },
);

/** Checks the log, everything that REST returns about the call, and every file of the server. */
async function expectNowhere(line: Line, call: Call, secret: string): Promise<void> {
  const { dataDir, log } = harness.server;
  expect(log.join('\n')).not.toContain(secret);
  for (const what of ['timeline', 'events']) {
    const { body } = await line.ask('GET', `/v1/calls/${call.id}/${what}`);
    expect(`${what} ${JSON.stringify(body)}`).not.toContain(secret);
  }
  const files = readdirSync(dataDir, { recursive: true, withFileTypes: true }).filter((file) =>
    file.isFile(),
  );
  const telling = files.filter(({ parentPath, name }) =>
    readFileSync(join(parentPath, name)).includes(secret),
  );
  expect(telling.map(({ name }) => name)).toEqual([]);
}
