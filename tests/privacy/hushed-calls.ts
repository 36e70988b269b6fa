import type { Harness, Line } from '../../e2e/support/harness.ts';
import { createSoundDecoder, toneLevel } from '../../src/audio/index.ts';
import { TestReceiver } from '../../src/streams/testing/receiver.ts';
import { Caller, type Manners, seconds } from '../chaos/caller.ts';
import type { Mark } from './marks.ts';

/** What is said when: openly, in a pause, while digits are secret. */
export interface Marks {
  open: Mark;
  paused: Mark;
  secret: Mark;
}

/** What went out of the house by streams, by a name for each, and what is wrong besides. */
export interface Scene {
  told: Map<string, Buffer>;
  wrong: string[];
}

/** Keys that are told by SIP INFO, and such as are tones in the voice. */
export const INFO_DIGITS = '8462097531';
export const TONE_DIGITS = '7391';
const SILENCE = new Uint8Array(160).fill(0xff);

/** Calls that are hushed in one way or another, all at once. Their recordings are left open, but for the MP3. */
export function hushedCalls(harness: Harness, marks: Marks): Promise<Scene[]> {
  return Promise.all([skipped, inConference, asTones, asMp3].map((scene) => scene(harness, marks)));
}

async function answered(line: Line, manners: Manners = {}) {
  const caller = await Caller.call(line.harness.server.sip, line.number, manners);
  caller.voice = SILENCE;
  return { caller, call: await line.arrived() };
}

/** Says it, and then nothing until it is through the jitter buffer. */
async function says(caller: Caller, frame: Uint8Array): Promise<void> {
  caller.voice = frame;
  await seconds(0.4);
  caller.voice = SILENCE;
  await seconds(0.3);
}

/** Left out of a file with one channel. Keys are pressed meanwhile: their mark is that any is told. */
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
  const told = toldBy('skipped', stream);
  const keys = told.get('messages of skipped')!.includes('"dtmf"') ? ['a key of a pause was told'] : [];
  await Promise.all([caller.close(), stream.close()]);
  return { told, wrong: keys };
}

/** Two in a room are recorded and streamed: what one says in his pause is in neither's. */
async function inConference(harness: Harness, { open, paused }: Marks): Promise<Scene> {
  const [one, other] = await Promise.all([TestReceiver.listen(), TestReceiver.listen()]);
  const streams = [one, other];
  const line = await harness.line(() => recorded(streams.shift()!, {}, { conference: { room: 'hushed' } }));
  const { caller, call } = await answered(line);
  const second = await answered(line);
  await second.call.next('recording.started');
  await says(caller, open.frame);
  await call.record('pause');
  await says(caller, paused.frame);
  await call.record('resume');
  await says(caller, open.frame);
  const told = new Map([...toldBy('the one', one), ...toldBy('the other', other)]);
  const [, heard] = [...told.values()].slice(1);
  const deaf = open.patterns.some((each) => heard!.includes(each)) ? [] : ['the other heard nothing at all'];
  await Promise.all([caller, second.caller, one, other].map((each) => each.close()));
  return { told, wrong: deaf };
}

/** Keys that are tones: but for the one that is no secret, not a moment of them is in the file. */
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
  const told = toldBy('tones', stream);
  await Promise.all([caller.close(), stream.close()]);
  // On a busy machine a tone may be torn.
  const wrong = /^[1379]{2,4}$/.test(digits) ? [] : [`the digits ${digits} were heard`];
  if (loudMs < 40 || loudMs > 170) wrong.push(`of one key ${loudMs} ms were recorded`);
  if (status !== 400) wrong.push(`INFO was answered with ${status}`);
  return { told, wrong };
}

/** An MP3 holds no octets that could be looked for: it is listened to. */
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
  const decoder = createSoundDecoder();
  const { samples } = await decoder.decode(file);
  await decoder.close();
  const levels = [500, 1000].map((hz) => toneLevel(samples, hz));
  const wrong = levels[0]! > 500 ? [] : [`the MP3 is silent: ${levels}`];
  if (levels[1]! > 50) wrong.push(`the MP3 has what was said in a pause: ${levels}`);
  return { told: new Map(), wrong };
}

/** The actions of a call that is recorded and streamed, and then goes on. */
const recorded = (
  stream: TestReceiver,
  recording: object = {},
  then: object = { pause: { seconds: 60 } },
) => [{ start_recording: recording }, { start_stream: { stream_url: stream.url, track: 'both' } }, then];

/** What a stream got, as sound and as messages. */
export const toldBy = (name: string, { connections }: TestReceiver): Map<string, Buffer> =>
  new Map([
    [`stream of ${name}`, Buffer.concat(connections.flatMap(({ messages }) => messages.map(soundOf)))],
    [`messages of ${name}`, Buffer.from(JSON.stringify(connections.map(({ messages }) => messages)))],
  ]);

const soundOf = (message: object): Buffer =>
  Buffer.from((message as { media?: { payload: string } }).media?.payload ?? '', 'base64');

/** A frame of a tone that goes on without a click. */
const square = (hz: number) =>
  Uint8Array.from({ length: 160 }, (_, i) => ((i * hz) % 8000 < 4000 ? 0x20 : 0xa0));
