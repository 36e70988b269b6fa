// A real call over loopback: the server, a sample application, and a telephone.
import { once } from 'node:events';
import { mkdtemp, readFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLog, startApp, systemPlatform } from '../../src/app/index.ts';
import { readConfig } from '../../src/config.ts';
import { silentLog, sleep, systemClock } from '../../src/core/index.ts';
import { createSpeaker } from '../../src/speech/index.ts';
import { application } from './application.ts';
import { openPhone } from './phone.ts';
import { type AfterCall, createClient, report } from './report.ts';

const SECRET = 'a-secret-of-the-demo';
const NUMBER = '+15550100001';
const PHRASE = 'My parcel has not arrived. Please call me back tomorrow.';

const say = (text: string) => console.log(text);
const began = performance.now();
const step = (text: string) =>
  say(`${((performance.now() - began) / 1000).toFixed(1).padStart(5)} s  ${text}`);

// 1. The server, as `npm start` runs it, with free ports and its own data folder.
const dataDir = await mkdtemp(join(tmpdir(), 'minivoice-demo-'));
const settings = {
  MINIVOICE_DATA_DIR: dataDir,
  MINIVOICE_HTTP_PORT: '0',
  MINIVOICE_SIP_PORT: '0',
  MINIVOICE_RTP_PORTS: '20000-24999',
  MINIVOICE_ALLOW_PRIVATE_URLS: 'true',
};
const opening = openPhone({ from: 25_000, to: 29_999 }, join(dataDir, 'phone.wav'));
const server = await startApp(readConfig(settings), systemPlatform(createLog('error')));
step(`MiniVoice is running: REST at ${server.http}, SIP at ${server.sip}`);

// 2. The application: a web server of forty lines, registered with a number.
const waiting = new Map<string, (event: object) => void>();
const happened = (name: string) => new Promise<object>((resolve) => waiting.set(name, resolve));
const app = application(SECRET, (event) => {
  step(`  webhook  ${report(event)}`);
  waiting.get(event.event)?.(event);
});
app.listen(0, '127.0.0.1');
await once(app, 'listening');
const origin = `http://127.0.0.1:${(app.address() as AddressInfo).port}`;
const admin = createClient(`${server.http}/admin/v1`, server.adminToken);
const customer = await admin('POST', '/customers', { name: 'Acme' });
const { id: application_id, api_key } = await admin('POST', '/applications', {
  customer_id: customer['id'],
  name: 'Demo',
  answer_url: `${origin}/answer`,
  webhook_url: `${origin}/events`,
  webhook_secret: SECRET,
  ai_events: true,
});
await admin('POST', '/dids', { application_id, number_e164: NUMBER, route_mode: 'webhook' });
step(`The sample application answers at ${origin}/answer and has the number ${NUMBER}`);

// 3. A telephone calls the number, presses keys, and leaves a message. The server ends the call.
const speaker = createSpeaker({ cacheDir: join(dataDir, 'phone'), clock: systemClock, log: silentLog });
const phone = await opening;
const answered = happened('call.answered');
const recordingStarted = happened('recording.started');
const completed = happened('call.completed');
const analyzed = Promise.race([happened('ai.completed'), happened('ai.failed')]);
step('A telephone calls …');
const call = await phone.call(NUMBER, server.sip);
await answered;
step('The caller hears the greeting …');
await sleep(systemClock, 1000);
step('… and presses 4 2 1 7');
await call.press('4217');
await recordingStarted;
step(`The caller says: “${PHRASE}” and presses #`);
await call.speak(speaker.speak(PHRASE, { voice: 'slt' }));
await call.press('#');
await call.ended;
await completed;
step(`The call has ended. The telephone heard ${await call.secondsHeard()} s of speech.`);

// 4. The recording, exact to the frame, over REST.
const client = createClient(`${server.http}/v1`, api_key as string);
const [recording] = (await client('GET', '/recordings'))['data'] as Record<string, unknown>[];
const file = join(dataDir, 'recordings', String(recording?.['created_at']).slice(0, 10).replaceAll('-', '/'));
say(`\nThe recording, as GET /v1/recordings/${recording?.['id']} shows it:`);
say(JSON.stringify(recording, null, 2));
const path = join(file, `${recording?.['id']}.wav`);
say(`\nThe file (${(await readFile(path)).length} bytes; the caller is on the left):\n  ${path}`);

// 5. The transcript and the summary, made on this machine without an account.
step('The recording is transcribed …');
await analyzed;
const { data: ai } = (await client('GET', `/calls/${recording?.['call_id']}/ai`)) as { data: AfterCall };
say('\nThe transcript:');
for (const { speaker, text, start_ms } of ai.transcription?.segments ?? []) {
  say(`  ${(start_ms / 1000).toFixed(1).padStart(5)} s  ${speaker.padEnd(6)}  ${text}`);
}
say(`\nThe summary: ${ai.summary?.summary ?? '(none)'}`);
for (const item of ai.summary?.action_items ?? []) say(`To do: ${item}`);

await Promise.all([phone.close(), speaker.close()]);
app.close();
await server.stop(0);
say(`
Now run it yourself. This starts a server with a number that answers:
  npm start
and call it with any softphone on this machine:  sip:+15550100000@127.0.0.1:5060`);
