/** `npm run fuzz:live`: attacks the running server over real sockets, as callers and as its peers. */
import { asked } from '../../support/command-line.ts';
import { ATTACK_NAMES, attackAll } from './run.ts';

const { numbers, parts } = asked({
  command: 'npm run fuzz:live',
  about: `Starts the server and sends it malformed input over UDP, TCP, TLS, WebSocket, HTTP, RTP and DNS: as callers, callees and
registrars, as applications, AI servers and name servers. After each attack the process must be running, answer, and
report no defect; then it is killed, and must restart with its stored data.

20,000 inputs take about two minutes, mostly for the restarts; 1,000,000 a quarter of an hour. The last line is the
result; the exit code is 0 without findings, else 1.`,
  numbers: {
    inputs: [20_000, 'over all attacks'],
    seconds: [3600, 'the time limit of each attack'],
    seed: [process.pid, 'the same seed gives the same inputs', 'another one each time'],
  },
  parts: { option: 'attack', names: ATTACK_NAMES },
});

const write = (text: string) => process.stdout.write(`${text}\n`);
write(`seed ${numbers.seed}`);
const { inputs, restarts, findings } = await attackAll({
  ...numbers,
  parts,
  restartsOften: true,
  progress: write,
});
write(`${inputs} inputs, ${restarts} restarts, ${findings.length} findings`);
process.exit(findings.length > 0 ? 1 : 0);
