import { createSocket } from 'node:dgram';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Harness, type Line } from '../../e2e/support/harness.ts';
import { TestReceiver } from '../../src/streams/testing/receiver.ts';
import { Caller, seconds } from '../chaos/caller.ts';
import { hushedCalls, INFO_DIGITS, TONE_DIGITS, toldBy } from './hushed-calls.ts';
import { Mark, placesOf, writtenBy } from './marks.ts';

const DIGITS = '7391846205';
const SILENCE = new Uint8Array(160).fill(0xff);
const open = new Mark(1);
const paused = new Mark(2);
const secret = new Mark(3);
const PASSWORDS = { trunk: 'trunk-password-5b1f', phone: '', key: '', admin: 'e2e-admin-token' };
/** What proves a password, or opens something: of a phone, of an API key, of a file, of an application. */
const PROOFS = ['c0ffee11c0ffee22', 'mv_live_guess_8f21', 'beef'.repeat(16), 'query-token-77aa'];

let harness: Harness;
let stream: TestReceiver;
let line: Line;
let caller: Caller;
let written: Map<string, Buffer>;
let toldDigits: string;
let wrong: string[];
let ended: Promise<unknown>;
let failed: unknown;

/** For so long that it is in the file, and then silence until it is through the jitter buffer. */
async function says(mark: Mark): Promise<void> {
  caller.voice = mark.frame;
  await seconds(0.5);
  caller.voice = SILENCE;
  await seconds(0.4);
}

async function live(): Promise<void> {
  const [, scenes] = await Promise.all([recordedCall(), hushedCalls(harness, { open, paused, secret })]);
  // What Node knows of the process is written into the folder, as before it dies of a defect.
  process.kill(harness.server.pid, 'SIGUSR2');
  await harness.server.logged('Node.js report completed');
  const { dataDir, log } = harness.server;
  written = new Map([...writtenBy(dataDir, log), ...toldBy('the call', stream)]);
  for (const { told } of scenes) for (const [name, bytes] of told) written.set(name, bytes);
  wrong = scenes.flatMap((scene) => scene.wrong);
  // What a crash leaves is looked at as well as what the next process makes of it.
  await harness.crash();
  await ended;
  for (const [name, bytes] of writtenBy(dataDir, harness.server.log)) written.set(`later ${name}`, bytes);
}

async function recordedCall(): Promise<void> {
  caller = await Caller.call(harness.server.sip, line.number);
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
  ended = call.next('call.failed');
}

/** Shows the server proofs that are wrong, and an application that cannot be reached: all of it is worth a line of log. */
async function proofsAreShown(): Promise<void> {
  const [response, key, signature, token] = PROOFS;
  const { server } = harness;
  const number = '+15559990001';
  await server.application({ answer_url: `http://127.0.0.1:1/answer?token=${token}` }, number);
  await fetch(`${server.http}/v1/calls`, { headers: { authorization: `Bearer ${key}` } });
  await fetch(`${server.http}/v1/recordings/rec_1/file?expires=9999999999&signature=${signature}`);
  const socket = createSocket('udp4');
  for (const from of ['desk', 'anybody'])
    socket.send(inviteWith(from, number, response!), server.sip.port, '127.0.0.1');
  await server.logged('an application gave no actions');
  socket.close();
}

function inviteWith(from: string, number: string, response: string): string {
  const uri = `sip:${number}@127.0.0.1`;
  const claims = `username="desk", realm="minivoice", nonce="n", uri="${uri}", nc=00000001, cnonce="c", qop=auth`;
  const sdp =
    'v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 9 RTP/AVP 0\r\n';
  return [
    `INVITE ${uri} SIP/2.0`,
    `Via: SIP/2.0/UDP 127.0.0.1;rport;branch=z9hG4bK${from}`,
    `From: <sip:${from}@127.0.0.1>;tag=${from}`,
    `To: <${uri}>`,
    `Contact: <sip:${from}@127.0.0.1>`,
    `Call-ID: ${from}`,
    'CSeq: 1 INVITE',
    `Authorization: Digest ${claims}, response="${response}"`,
    'Content-Type: application/sdp',
    `Content-Length: ${sdp.length}`,
    '',
    sdp,
  ].join('\r\n');
}

beforeAll(async () => {
  const folder = mkdtempSync(join(tmpdir(), 'minivoice-'));
  const reports = `--report-on-signal --report-signal=SIGUSR2 --report-directory=${folder}`;
  const environment = { MINIVOICE_LOG_LEVEL: 'debug', MINIVOICE_DATA_DIR: folder, NODE_OPTIONS: reports };
  harness = await Harness.open(environment);
  stream = await TestReceiver.listen();
  const actions = [
    { start_recording: {} },
    { start_stream: { stream_url: stream.url } },
    { pause: { seconds: 60 } },
  ];
  line = await harness.line(actions);
  PASSWORDS.key = line.apiKey;
  const { server } = harness;
  const trunk = { name: 'T', proxy: '192.0.2.1', username: 'u', password: PASSWORDS.trunk };
  await server.request('POST', '/v1/trunks', line.apiKey, trunk);
  const phone = await server.request<{ password: string }>('POST', '/v1/phones', line.apiKey, {
    username: 'desk',
  });
  PASSWORDS.phone = phone.password;
  await proofsAreShown();
  await live().catch((error) => {
    failed = error;
  });
}, 300_000);

afterAll(async () => {
  await caller?.close();
  await harness.close();
  await stream.close();
});

it('what is said while it is recorded is found in what was written: so it would be found elsewhere', () => {
  expect(failed).toBeUndefined();
  const places = placesOf(open.patterns, written);
  expect(places).toContainEqual(expect.stringMatching(/^recordings\/.*\.wav$/));
  expect(places).toEqual(
    expect.arrayContaining(['stream of the call', 'stream of skipped', 'stream of the other']),
  );
  expect(places.filter((name) => name.endsWith('.wav')).length).toBeGreaterThan(6);
  expect([...written.keys()]).toContainEqual(expect.stringMatching(/^report\..*\.json$/));
});

it('what is said in a pause is in no file, stream, log or page of the database', () => {
  expect(placesOf(paused.patterns, written)).toEqual([]);
});

it('what is said and pressed while digits are secret is nowhere either, but the application is told', () => {
  expect(toldDigits).toBe(DIGITS);
  expect(placesOf([...secret.patterns, DIGITS, INFO_DIGITS, `"${TONE_DIGITS}"`], written)).toEqual([]);
});

it('keys that are tones are not a moment in a recording, what is left out is in no MP3, and no key of a pause is told', () => {
  expect(wrong).toEqual([]);
});

it('no proof of a password, signature or query of an address is in the log', () => {
  const log = new Map([...written].filter(([name]) => name.endsWith('log')));
  expect(log.size).toBeGreaterThan(0);
  expect(PROOFS.map((proof) => proof.length > 10)).toEqual(PROOFS.map(() => true));
  expect(placesOf(PROOFS, log)).toEqual([]);
});

it('no password, key or secret is written anywhere in plain words', () => {
  for (const [name, password] of Object.entries({ ...PASSWORDS, webhook: 'whsec_of_the_tests' })) {
    expect([name, password.length > 10]).toEqual([name, true]);
    expect([name, placesOf([password], written)]).toEqual([name, []]);
  }
});
