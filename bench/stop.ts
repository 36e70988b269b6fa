/**
 * Measures the time from the last packet before a stop to `recording.completed` at the application. Fifty recordings
 * are stopped over REST, and fifty are ended by the caller's BYE, one after the other, while the others continue.
 * Alone: `node bench/stop.ts`.
 */
import { launchAsIs, Server } from '../e2e/support/server.ts';
import { sleep, systemClock } from '../src/core/index.ts';
import type { Row } from './row.ts';
import { Application, type ReceivedEvent } from './support/application.ts';
import { type Phone, Phones } from './support/phones.ts';

const NUMBER = '+15550107778';
const CALLS = 50;
const DOCUMENT = { actions: [{ start_recording: {} }, { pause: { seconds: 60 } }] };
const FIRST_PORT = 30_000;

/** How a recording is stopped. */
type Stop = (phone: Phone, callId: string) => Promise<unknown>;

export async function run(): Promise<Row[]> {
  const application = await Application.start(DOCUMENT);
  const server = await Server.start({ launch: launchAsIs });
  const phones = await Phones.start(FIRST_PORT);
  try {
    const { apiKey } = await server.application(application.urls, NUMBER);
    const byRest: Stop = (_phone, callId) =>
      server.request('POST', `/v1/calls/${callId}/recordings`, apiKey, { action: 'stop' });
    const byBye: Stop = (phone) => phones.hangUp(phone);
    await measure({ server, application, phones, calls: 5, stop: byRest });
    const times = { server, application, phones, calls: CALLS };
    return [
      ...rows('by REST', await measure({ ...times, stop: byRest })),
      ...rows('by BYE', await measure({ ...times, stop: byBye })),
    ];
  } finally {
    await phones.close();
    await server.stop();
    application.close();
  }
}

interface Measured {
  server: Server;
  application: Application;
  phones: Phones;
  calls: number;
  stop: Stop;
}

/** @returns milliseconds, sorted. */
async function measure({ server, application, phones, calls, stop }: Measured): Promise<number[]> {
  const received = new Map<string, (received: ReceivedEvent) => void>();
  application.onEvent = (event) => received.get(`${event.event} ${event.from}`)?.(event);
  const next = (event: string, from: string) =>
    new Promise<ReceivedEvent>((resolve) => received.set(`${event} ${from}`, resolve));
  const numbers = Array.from({ length: calls }, (_, i) => `+1555765${1000 + i}`);
  const recording = await Promise.all(
    numbers.map(async (from) => {
      const started = next('recording.started', from);
      const phone = await phones.call(server.sip, NUMBER, from);
      return { phone, callId: (await started).callId };
    }),
  );
  await sleep(systemClock, 1000);
  const times: number[] = [];
  for (const { phone, callId } of recording) {
    const completed = next('recording.completed', phone.from);
    await phones.nextBeat();
    const last = phone.lastSentAt;
    await stop(phone, callId);
    times.push((await completed).at - last);
  }
  await phones.hangUpAll();
  return times.sort((a, b) => a - b);
}

function rows(how: string, times: number[]): Row[] {
  const name = `stop ${how}, last packet to recording.completed:`;
  const at = (part: number) => times[Math.floor(times.length * part)]!;
  return [
    { name: `${name} median`, value: at(0.5), unit: 'ms', budget: 100 },
    { name: `${name} 99 of 100`, value: at(0.99), unit: 'ms', budget: 100 },
  ];
}

if (import.meta.main) {
  for (const row of await run()) console.log(`${row.name}: ${row.value.toFixed(1)} ${row.unit}`);
}
