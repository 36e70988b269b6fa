import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Line, Stage } from '../../e2e/support/stage.ts';
import { TestReceiver } from '../../src/streams/testing/receiver.ts';
import { Caller, seconds } from './caller.ts';
import { Mark, placesOf, writtenBy } from './marks.ts';

const DIGITS = '7391846205';
const SILENCE = new Uint8Array(160).fill(0xff);
const open = new Mark(1);
const paused = new Mark(2);
const secret = new Mark(3);
const PASSWORDS = { trunk: 'trunk-password-5b1f', phone: '', key: '', admin: 'e2e-admin-token' };

let stage: Stage;
let stream: TestReceiver;
let line: Line;
let caller: Caller;
let written: Map<string, Buffer>;
let toldDigits: string;
let failed: unknown;

/** For so long that it is in the file, and then silence until it is through the jitter buffer. */
async function says(mark: Mark): Promise<void> {
  caller.voice = mark.frame;
  await seconds(0.8);
  caller.voice = SILENCE;
  await seconds(0.4);
}

async function live(): Promise<void> {
  caller = await Caller.call(stage.server.sip, line.number);
  caller.voice = SILENCE;
  const call = await line.arrived();
  await call.next('recording.started');
  await says(open);
  await call.record('pause');
  await says(paused);
  await call.record('resume');
  await call.perform([
    { gather: { num_digits: 10, timeout_seconds: 10, sensitive: true } },
    { pause: { seconds: 30 } },
  ]);
  await seconds(0.5);
  await says(secret);
  caller.press(DIGITS);
  toldDigits = (await call.next('call.gathered')).data['digits'];
  await says(open);
  written = writtenBy(stage.server.dataDir, stage.server.log);
  written.set('stream', Buffer.concat(stream.connections.flatMap(({ messages }) => messages.map(soundOf))));
  written.set('messages', Buffer.from(JSON.stringify(stream.connections.map(({ messages }) => messages))));
  // What a crash leaves is looked at as well as what the next process makes of it.
  await stage.crash();
  await call.next('call.failed');
  for (const [name, bytes] of writtenBy(stage.server.dataDir, stage.server.log))
    written.set(`later ${name}`, bytes);
}

const soundOf = (message: object): Buffer =>
  Buffer.from((message as { media?: { payload: string } }).media?.payload ?? '', 'base64');

beforeAll(async () => {
  stage = await Stage.open({ MINIVOICE_LOG_LEVEL: 'debug' });
  stream = await TestReceiver.listen();
  const actions = [
    { start_recording: {} },
    { start_stream: { stream_url: stream.url } },
    { pause: { seconds: 60 } },
  ];
  line = await stage.line(actions);
  PASSWORDS.key = line.apiKey;
  const { server } = stage;
  const trunk = { name: 'T', proxy: '192.0.2.1', username: 'u', password: PASSWORDS.trunk };
  await server.request('POST', '/v1/trunks', line.apiKey, trunk);
  const phone = await server.request<{ password: string }>('POST', '/v1/phones', line.apiKey, {
    username: 'desk',
  });
  PASSWORDS.phone = phone.password;
  await live().catch((error) => {
    failed = error;
  });
}, 120_000);

afterAll(async () => {
  await caller?.close();
  await stage.close();
  await stream.close();
});

it('what is said while it is recorded is found in what was written: so it would be found elsewhere', () => {
  expect(failed).toBeUndefined();
  const places = placesOf(open.patterns, written);
  expect(places).toContainEqual(expect.stringMatching(/^recordings\/.*\.wav$/));
  expect(places).toContain('stream');
});

it('what is said in a pause is in no file, stream, log or page of the database', () => {
  expect(placesOf(paused.patterns, written)).toEqual([]);
});

it('what is said and pressed while digits are secret is nowhere either, but the application is told', () => {
  expect(toldDigits).toBe(DIGITS);
  expect(placesOf([...secret.patterns, DIGITS], written)).toEqual([]);
});

it('no password, key or secret is written anywhere in plain words', () => {
  for (const [name, password] of Object.entries({ ...PASSWORDS, webhook: 'whsec_of_the_tests' })) {
    expect([name, password.length > 10]).toEqual([name, true]);
    expect([name, placesOf([password], written)]).toEqual([name, []]);
  }
});
