/** A process that records a phone into the given file until it is killed. */
import { silentLog, systemClock, systemRandom } from '../../core/index.ts';
import { systemNetwork } from '../../net/index.ts';
import { createMediaEngine } from '../engine.ts';
import { agreement } from './harness.ts';
import { Phone } from './phone.ts';

const host = '127.0.0.1';
const engine = await createMediaEngine({
  workers: 1,
  ports: { from: 23_000, to: 23_999 },
  host,
  clock: systemClock,
  random: systemRandom,
  log: silentLog,
});
const sound = await engine.open();
const phone = await Phone.open(systemClock, systemNetwork, { address: host, port: 0 });
sound.connect(agreement(phone));
phone.talk(sound.local, 500);
const tap = await sound.tap({ path: process.argv[2]!, channels: 2, maxSeconds: 60 });
process.send!(tap.startedAt);
