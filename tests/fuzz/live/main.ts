/** `npm run fuzz:live`: attacks the real program over real sockets, as a caller and as every peer that it turns to. */
import { seededRandom } from '../../../src/kit/index.ts';
import { asked } from '../../support/command-line.ts';
import { Chance } from '../chance.ts';
import type { Attack } from './attack.ts';
import { media, secure, tcp, udp } from './callers.ts';
import { callee, registrar } from './peers.ts';
import { applications, clients, nameServer } from './web.ts';
import { World } from './world.ts';

const dns = await nameServer();
const attacks: readonly Attack[] = [
  udp,
  tcp,
  secure,
  media,
  callee,
  registrar,
  clients,
  applications,
  dns.names,
];

const { numbers, parts } = asked({
  command: 'npm run fuzz:live',
  about: `Starts the real program and sends it broken input over UDP, TCP, TLS, WebSocket, HTTP, RTP and DNS: as callers, as
callees and registrars, as applications, AI servers and name servers. After each attack the process must live, answer
and have had no defect; then it is killed, and must start again with what it has kept.

The last line is the verdict; the exit code is 0 when nothing was found, and 1 otherwise.`,
  numbers: {
    inputs: [20_000, 'over all attacks'],
    seconds: [3600, 'the most that each attack may take'],
    seed: [process.pid, 'the same seed makes the same inputs', 'another one each time'],
  },
  parts: { option: 'attack', names: attacks.map(({ name }) => name) },
});

const chosen = attacks.filter(({ name }) => parts.includes(name));
const shares = chosen.reduce((sum, { share }) => sum + share, 0);
const write = (text: string) => process.stdout.write(`${text}\n`);
write(`seed ${numbers.seed}`);
const world = await World.open(dns.port);
let inputs = 0;
let restarts = 0;
for (const attack of chosen) {
  const chance = new Chance(seededRandom(numbers.seed));
  const wanted = Math.ceil((numbers.inputs * attack.share) / shares);
  const began = performance.now();
  const found = world.findings.length;
  let delivered = 0;
  const attacker = await attack.open(world, chance);
  while (delivered < wanted && performance.now() - began < numbers.seconds * 1000) {
    const some = await attacker.go().catch((error: Error) => {
      world.findings.push(`${attack.name}: ${error.message}`);
      return 0;
    });
    delivered += some;
    if (some === 0 || world.findings.length > found) break;
  }
  await world.check(attack.name);
  await attacker.close().catch(() => {});
  await world.restart().then(
    () => restarts++,
    (error: Error) => world.findings.push(`${attack.name}: does not start again: ${error.message}`),
  );
  inputs += delivered;
  const seconds = Math.round((performance.now() - began) / 1000);
  write(`${attack.name.padEnd(12)} ${String(delivered).padStart(9)} inputs ${String(seconds).padStart(5)} s`);
  for (const finding of world.findings.slice(found)) write(`  ${finding.slice(0, 2000)}`);
}
await world.close();
dns.close();
write(`${inputs} inputs, ${restarts} restarts, ${world.findings.length} findings`);
process.exit(world.findings.length > 0 ? 1 : 0);
