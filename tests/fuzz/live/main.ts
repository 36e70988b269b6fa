/** `npm run fuzz:live`: attacks the real program over real sockets, as a caller and as every peer that it turns to. */
import { asked } from '../../support/command-line.ts';
import { ATTACK_NAMES, attackAll } from './run.ts';

const { numbers, parts } = asked({
  command: 'npm run fuzz:live',
  about: `Starts the real program and sends it broken input over UDP, TCP, TLS, WebSocket, HTTP, RTP and DNS: as callers, as
callees and registrars, as applications, AI servers and name servers. After each attack the process must live, answer
and have had no defect; then it is killed, and must start again with what it has kept.

20,000 inputs take about two minutes, most of them for the starts; 1,000,000 a quarter of an hour. The last line is
the verdict; the exit code is 0 when nothing was found, and 1 otherwise.`,
  numbers: {
    inputs: [20_000, 'over all attacks'],
    seconds: [3600, 'the most that each attack may take'],
    seed: [process.pid, 'the same seed makes the same inputs', 'another one each time'],
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
