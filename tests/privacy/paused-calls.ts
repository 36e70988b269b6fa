import type { Harness, Line } from '../../e2e/support/harness.ts';
import { createSoundDecoder, toneLevel } from '../../src/audio/index.ts';
import { silentLog, systemClock } from '../../src/core/index.ts';
import { TestReceiver } from '../../src/streams/testing/receiver.ts';
import { Caller, type Manners, seconds } from '../chaos/caller.ts';
import type { Mark } from './marks.ts';

/** Marks in the audio: open, during a pause, during sensitive digits. */
export interface Marks {
  open: Mark;
  paused: Mark;
  secret: Mark;
}

/** The output of streams by name, and what is wrong. */
export interface Scene {
  received: Map<string, Buffer>;
  wrong: string[];
}

/** Digits sent by SIP INFO, and digits sent as tones. */
export const INFO_DIGITS = '8462097531';
export const TONE_DIGITS = '7391';
const SILENCE = new Uint8Array(160).fill(0xff);

/** All kinds of calls with paused audio, at the same time. Their recordings stay open, except the MP3. */
export function pausedCalls(harness: Harness, marks: Marks): Promise<Scene[]> {
  return Promise.all([skipped, inConference, asTones, asMp3].map((scene) => scene(harness, marks)));
}

async function answered(line: Line, manners: Manners = {}) {
  const caller = await Caller.call(line.harness.server.sip, line.number, manners);
  caller.voice = SILENCE;
  return { caller, call: await line.arrived() };
}

/** Sends it, and then silence until it has left the jitter buffer. */
async function says(caller: Caller, frame: Uint8Array): Promise<void> {
  caller.voice = frame;
  await seconds(0.4);
  caller.voice = SILENCE;
  await seconds(0.3);
}

/** A skipped pause of a mono recording, with digits that must not be reported. */
async function skipped(harness: Harness, { open, paused }: Marks): Promise<Scene> {
  const stream = await TestReceiver.listen();
  const { caller, call } = await answered(await harness.line(recorded(stream, { channels: 1 })));
  await call.next('recording.started');
  await says(caller, open.frame);
  await call.record('pause', { mode: 'skip' });
  await says(caller, paused.frame);
  caller.press('42');
  await seconds(0.4);
  await call.record('resume');
  await says(caller, open.frame);
  const received = outputOf('skipped', stream);
  const keys = received.get('messages of skipped')!.includes('"dtmf"')
    ? ['a digit of a pause was reported']
    : [];
  await Promise.all([caller.close(), stream.close()]);
  return { received, wrong: keys };
}

/** Two participants of a conference are recorded and streamed: a paused part of one is in neither. */
async function inConference(harness: Harness, { open, paused }: Marks): Promise<Scene> {
  const [one, other] = await Promise.all([TestReceiver.listen(), TestReceiver.listen()]);
  const streams = [one, other];
  const line = await harness.line(() => recorded(streams.shift()!, {}, { conference: { room: 'paused' } }));
  const { caller, call } = await answered(line);
  const second = await answered(line);
  await second.call.next('recording.started');
  await says(caller, open.frame);
  await call.record('pause');
  await says(caller, paused.frame);
  await call.record('resume');
  await says(caller, open.frame);
  const received = new Map([...outputOf('the one', one), ...outputOf('the other', other)]);
  const [, heard] = [...received.values()].slice(1);
  const deaf = open.patterns.some((each) => heard!.includes(each)) ? [] : ['the other heard nothing at all'];
  await Promise.all([caller, second.caller, one, other].map((each) => each.close()));
  return { received, wrong: deaf };
}

/** Sensitive digits as tones: the file contains only the one that is not sensitive. */
async function asTones(harness: Harness): Promise<Scene> {
  const stream = await TestReceiver.listen();
  const line = await harness.line(recorded(stream));
  const { caller, call } = await answered(line, { tones: true });
  await call.next('recording.started');
  caller.press('5');
  await seconds(0.5);
  const gather = { num_digits: TONE_DIGITS.length, timeout_seconds: 5, sensitive: true, flush: true };
  await call.perform([{ gather }, { pause: { seconds: 30 } }]);
  caller.press(TONE_DIGITS);
  const status = await caller.tell('application/dtmf-relay', `Signal=${INFO_DIGITS}\r\nDuration=100\r\n`);
  const { digits } = (await call.next('call.gathered')).data;
  await call.record('stop');
  const loudMs = (await call.hear()).loudMs(0);
  const received = outputOf('tones', stream);
  await Promise.all([caller.close(), stream.close()]);
  // On a busy machine a tone may have gaps.
  const wrong = /^[1379]{2,4}$/.test(digits) ? [] : [`the digits ${digits} were heard`];
  if (loudMs < 40 || loudMs > 170) wrong.push(`of one key ${loudMs} ms were recorded`);
  if (status !== 400) wrong.push(`INFO was answered with ${status}`);
  return { received, wrong };
}

/** The bytes of an MP3 cannot be searched, so its audio is analyzed. */
async function asMp3(harness: Harness): Promise<Scene> {
  const { caller, call } = await answered(
    await harness.line([{ start_recording: { format: 'mp3', channels: 1 } }, { pause: { seconds: 60 } }]),
  );
  await call.next('recording.started');
  await says(caller, square(500));
  await call.record('pause');
  await says(caller, square(1000));
  await call.record('stop');
  const file = await call.file();
  await caller.close();
  const decoder = createSoundDecoder({ clock: systemClock, log: silentLog });
  const { samples } = await decoder.decode(file);
  await decoder.close();
  const levels = [500, 1000].map((hz) => toneLevel(samples, hz));
  const wrong = levels[0]! > 500 ? [] : [`the MP3 is silent: ${levels}`];
  if (levels[1]! > 50) wrong.push(`the MP3 has what was said in a pause: ${levels}`);
  return { received: new Map(), wrong };
}

/** The actions of a call that is recorded and streamed. */
const recorded = (
  stream: TestReceiver,
  recording: object = {},
  then: object = { pause: { seconds: 60 } },
) => [{ start_recording: recording }, { start_stream: { stream_url: stream.url, track: 'both' } }, then];

/** The audio and the messages of a stream. */
export const outputOf = (name: string, { connections }: TestReceiver): Map<string, Buffer> =>
  new Map([
    [`stream of ${name}`, Buffer.concat(connections.flatMap(({ messages }) => messages.map(soundOf)))],
    [`messages of ${name}`, Buffer.from(JSON.stringify(connections.map(({ messages }) => messages)))],
  ]);

const soundOf = (message: object): Buffer =>
  Buffer.from((message as { media?: { payload: string } }).media?.payload ?? '', 'base64');

/** A frame of a continuous tone. */
const square = (hz: number) =>
  Uint8Array.from({ length: 160 }, (_, i) => ((i * hz) % 8000 < 4000 ? 0x20 : 0xa0));
