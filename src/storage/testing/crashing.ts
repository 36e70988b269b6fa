// Writes until it is killed, and prints each durable commit to stdout: `<call id> <events so far>`.
import { systemClock } from '../../core/index.ts';
import { openSqliteStorage } from '../index.ts';
import { aCall, anEvent } from './records.ts';

const storage = await openSqliteStorage({
  file: process.argv[2] as string,
  clock: systemClock,
  hasWebhook: () => true,
});

async function writeCalls(): Promise<never> {
  for (;;) {
    const call = aCall(storage.ids.next('call'));
    for (let count = 1; count <= 3; count += 1) {
      const line = { callId: call.id, at: count, kind: 'leg', data: { count } };
      await storage.commit({
        call: { ...call, sipStatus: count },
        events: [anEvent(call)],
        timeline: [line],
      });
      process.stdout.write(`${call.id} ${count}\n`);
    }
  }
}

await Promise.all(Array.from({ length: 8 }, writeCalls));
