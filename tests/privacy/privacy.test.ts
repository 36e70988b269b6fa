import { createSocket } from 'node:dgram';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Harness, type Line } from '../../e2e/support/harness.ts';
import { TestReceiver } from '../../src/streams/testing/receiver.ts';
import { Caller, seconds } from '../chaos/caller.ts';
import { Mark, placesOf, writtenBy } from './marks.ts';
import { INFO_DIGITS, outputOf, pausedCalls, TONE_DIGITS } from './paused-calls.ts';

const DIGITS = '7391846205';
const SILENCE = new Uint8Array(160).fill(0xff);
const open = new Mark(1);
const paused = new Mark(2);
const secret = new Mark(3);
const PASSWORDS = { trunk: 'trunk-password-5b1f', phone: '', key: '', admin: 'e2e-admin-token' };
/** Secrets and proofs: of a phone, an API key, a file, an application. */
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

/** Long enough to be in the file, followed by silence until it has left the jitter buffer. */
async function says(mark: Mark): Promise<void> {
  caller.voice = mark.frame;
  await seconds(0.5);
  caller.voice = SILENCE;
  await seconds(0.4);
}

async function live(): Promise<void> {
  const [, scenes] = await Promise.all([recordedCall(), pausedCalls(harness, { open, paused, secret })]);
  // Node writes its report of the process into the folder, as it does before a fatal error.
  process.kill(harness.server.pid, 'SIGUSR2');
  await harness.server.logged('Node.js report completed');
  const { dataDir, log } = harness.server;
  written = new Map([...writtenBy(dataDir, log), ...outputOf('the call', stream)]);
  for (const { received } of scenes) for (const [name, bytes] of received) written.set(name, bytes);
  wrong = scenes.flatMap((scene) => scene.wrong);
  // The files are searched as a crash leaves them, and after the next process has repaired them.
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

/** Sends wrong proofs, and configures an unreachable application: both are logged. */
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
  await server.logged('could not fetch actions from answer_url');
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

it('recorded audio is found, so the search works', () => {
  expect(failed).toBeUndefined();
  const places = placesOf(open.patterns, written);
  expect(places).toContainEqual(expect.stringMatching(/^recordings\/.*\.wav$/));
  expect(places).toEqual(
    expect.arrayContaining(['stream of the call', 'stream of skipped', 'stream of the other']),
  );
  expect(places.filter((name) => name.endsWith('.wav')).length).toBeGreaterThan(6);
  expect([...written.keys()]).toContainEqual(expect.stringMatching(/^report\..*\.json$/));
});

it('audio of a pause is in no file, stream, log, or database page', () => {
  expect(placesOf(paused.patterns, written)).toEqual([]);
});

it('audio and digits of a sensitive gather are nowhere, except in the request to the application', () => {
  expect(toldDigits).toBe(DIGITS);
  expect(placesOf([...secret.patterns, DIGITS, INFO_DIGITS, `"${TONE_DIGITS}"`], written)).toEqual([]);
});

it('tones of sensitive digits and skipped audio are in no recording, and digits of a pause are not reported', () => {
  expect(wrong).toEqual([]);
});

it('no password proof, signature, or URL query is in the log', () => {
  const log = new Map([...written].filter(([name]) => name.endsWith('log')));
  expect(log.size).toBeGreaterThan(0);
  expect(PROOFS.map((proof) => proof.length > 10)).toEqual(PROOFS.map(() => true));
  expect(placesOf(PROOFS, log)).toEqual([]);
});

it('no password, key, or secret is written in plain text', () => {
  for (const [name, password] of Object.entries({ ...PASSWORDS, webhook: 'whsec_of_the_tests' })) {
    expect([name, password.length > 10]).toEqual([name, true]);
    expect([name, placesOf([password], written)]).toEqual([name, []]);
  }
});
