/**
 * Checks that one core takes a ramp of calls, while the media threads share it. The calls talk, are played a tone, and
 * are recorded. Alone: `node bench/ramp.ts --calls 400 --rate 50`.
 */
import { parseArgs } from 'node:util';
import { launchAsIs, Server } from '../e2e/support/server.ts';
import type { Row } from './row.ts';
import { ApplicationProcess } from './support/application-process.ts';
import { PhonesProcess } from './support/phones-process.ts';
import { pin, snapshot } from './support/process.ts';

interface Options {
  calls: number;
  /** Calls a second. */
  rate: number;
}

const NUMBER = '+15550107780';
const DOCUMENT = { actions: [{ play: { url: 'HERE/tone.wav', loop: 10 } }, { pause: { seconds: 30 } }] };
const FIRST_PORT = 34_000;
const SERVER_CORE = 0;
const LOAD_CORE = 1;

export async function run({ calls, rate }: Options = { calls: 400, rate: 50 }): Promise<Row[]> {
  pin(process.pid, LOAD_CORE);
  const application = await ApplicationProcess.start(DOCUMENT, LOAD_CORE);
  const server = await Server.start({ launch: launchAsIs, env: { MINIVOICE_MEDIA_WORKERS: '1' } });
  const phones = await PhonesProcess.start(FIRST_PORT);
  try {
    pin(server.pid, SERVER_CORE);
    await server.application(application.urls, NUMBER);
    const before = await snapshot(server);
    const { answered } = await phones.ramp({ server: server.sip, to: NUMBER, calls, rate });
    const after = await snapshot(server);
    const media = (after.threads.get('media') ?? 0) - (before.threads.get('media') ?? 0);
    const main = [...after.threads].find(([name]) => name !== 'media');
    const name = `${rate} calls a second up to ${calls} on one core:`;
    const beats = after.beats - before.beats;
    return [
      { name: `${name} refused or failed`, value: calls - answered, unit: 'calls', budget: 0 },
      { name: `${name} late beats`, value: (100 * (after.late - before.late)) / beats, unit: '%' },
      { name: `${name} media thread`, value: (100 * media) / (after.at - before.at), unit: '% of the core' },
      {
        name: `${name} all threads (${main?.[0]})`,
        value: (100 * (after.cpuMs - before.cpuMs)) / (after.at - before.at),
        unit: '% of the core',
      },
    ];
  } finally {
    phones.close();
    await server.stop();
    application.close();
  }
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: { calls: { type: 'string', default: '400' }, rate: { type: 'string', default: '50' } },
  });
  const rows = await run({ calls: Number(values.calls), rate: Number(values.rate) });
  for (const row of rows) console.log(`${row.name}: ${row.value.toFixed(2)} ${row.unit}`);
}
