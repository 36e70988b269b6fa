/**
 * Measures the time from the stop of a recording to `recording.completed` at the application. Half of the recordings
 * are stopped over REST, and half are ended by the caller's BYE, one after the other, while the others continue. Each is
 * stopped right after the phone has sent a packet.
 */
import { sleep, systemClock } from '../src/core/index.ts';
import type { Options } from './options.ts';
import { percentile, type Row } from './row.ts';
import { Application, type ReceivedEvent } from './support/application.ts';
import { type Phone, Phones } from './support/phones.ts';
import { applicationCore, pin } from './support/process.ts';
import { startMiniVoice } from './support/target.ts';

const NUMBER = '+15550107778';
const DOCUMENT = { actions: [{ start_recording: {} }, { pause: { seconds: 60 } }] };
const FIRST_PORT = 30_000;
/** Compiled code and open connections, as in a server that has been running. */
const WARM_UP_CALLS = 10;

/** How a recording is stopped. */
type Stop = (phone: Phone, callId: string) => Promise<unknown>;

export async function run(options: Options): Promise<Row[]> {
  pin(process.pid, applicationCore(options.core));
  const application = await Application.start(DOCUMENT);
  const server = await startMiniVoice(options);
  const phones = await Phones.start({ firstPort: FIRST_PORT });
  try {
    const { apiKey } = await server.application(application.urls, NUMBER);
    const byRest: Stop = (_phone, callId) =>
      server.request('POST', `/v1/calls/${callId}/recordings`, apiKey, { action: 'stop' });
    const byBye: Stop = (phone) => phones.hangUp(phone);
    const stopAll = (calls: number, stop: Stop) =>
      measure({ sip: server.sip, application, phones, calls, stop });
    await stopAll(WARM_UP_CALLS, byRest);
    await stopAll(WARM_UP_CALLS, byBye);
    const [calls] = options.calls;
    return [
      ...rows('by REST', await stopAll(calls!, byRest)),
      ...rows('by BYE', await stopAll(calls!, byBye)),
    ];
  } finally {
    await phones.close();
    await server.stop();
    application.close();
  }
}

interface Measured {
  sip: { host: string; port: number };
  application: Application;
  phones: Phones;
  calls: number;
  stop: Stop;
}

/** @returns milliseconds. */
async function measure({ sip, application, phones, calls, stop }: Measured): Promise<number[]> {
  const received = new Map<string, (received: ReceivedEvent) => void>();
  application.onEvent = (event) => received.get(`${event.event} ${event.from}`)?.(event);
  const next = (event: string, from: string) =>
    new Promise<ReceivedEvent>((resolve) => received.set(`${event} ${from}`, resolve));
  const recording = [];
  for (let n = 0; n < calls; n++) {
    const from = `+1555765${1000 + n}`;
    const started = next('recording.started', from);
    const phone = await phones.call(sip, NUMBER, from);
    recording.push({ phone, callId: (await started).callId });
  }
  await sleep(systemClock, 1000);
  const times: number[] = [];
  for (const { phone, callId } of recording) {
    const completed = next('recording.completed', phone.from);
    await nextPacket(phone);
    const at = performance.now();
    const stopped = stop(phone, callId);
    times.push((await completed).at - at);
    await stopped;
  }
  await phones.hangUpAll();
  return times;
}

/** Resolves right after the phone has sent its next packet. */
async function nextPacket({ stream }: Phone): Promise<void> {
  const last = stream.lastSentAt;
  while (stream.lastSentAt === last) await sleep(systemClock, 1);
}

function rows(how: string, times: number[]): Row[] {
  const name = `stop ${how} to recording.completed:`;
  return [
    { name: `${name} median`, value: percentile(times, 0.5), unit: 'ms', noise: 1 },
    { name: `${name} 99th percentile`, value: percentile(times, 0.99), unit: 'ms', noise: 5 },
  ];
}
