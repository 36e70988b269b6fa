import { seededRandom } from '../../../src/core/index.ts';
import { RandomChoice } from '../random-choice.ts';
import type { Attack } from './attack.ts';
import { media, secure, tcp, udp } from './callers.ts';
import { callee, registrar } from './peers.ts';
import { ServerUnderTest } from './server-under-test.ts';
import { applications, clients, nameServer } from './web.ts';

/** All attacks except that of the name server, which must exist before the server starts. */
const ATTACKS: readonly Attack[] = [udp, tcp, secure, media, callee, registrar, clients, applications];
export const ATTACK_NAMES = [...ATTACKS.map(({ name }) => name), 'dns'];

/** Limits, seed and selection of a run. */
export interface LivePlan {
  inputs: number;
  /** Time limit of each attack. */
  seconds: number;
  seed: number;
  /** Names of attacks. */
  parts: readonly string[];
  /** Kills the server after each attack, not only after the last one. */
  restartsOften: boolean;
  /** Called after each attack. */
  progress?(line: string): void;
}

/** Most consecutive rounds without delivery, for example with a transport that the peer lacks. */
const MAX_EMPTY_ROUNDS = 20;

/** Attacks the running server. @returns the counts and findings. */
export async function attackAll(plan: LivePlan) {
  const dns = await nameServer();
  const chosen = [...ATTACKS, dns.names].filter(({ name }) => plan.parts.includes(name));
  const shares = chosen.reduce((sum, { share }) => sum + share, 0);
  const sut = await ServerUnderTest.open(dns.port);
  let inputs = 0;
  let restarts = 0;
  try {
    for (const attack of chosen) {
      const began = performance.now();
      const before = sut.findings.length;
      const delivered = await run(sut, attack, {
        ...plan,
        inputs: Math.ceil((plan.inputs * attack.share) / shares),
      });
      inputs += delivered;
      if (plan.restartsOften || attack === chosen.at(-1)) restarts += await restart(sut, attack.name);
      const seconds = Math.round((performance.now() - began) / 1000);
      const found = sut.findings.slice(before).map((finding) => `\n  ${finding.slice(0, 2000)}`);
      plan.progress?.(
        `${attack.name.padEnd(10)} ${String(delivered).padStart(9)} inputs ${String(seconds).padStart(5)} s${found.join('')}`,
      );
    }
  } finally {
    await sut.close();
    dns.close();
  }
  return { inputs, restarts, findings: sut.findings };
}

async function run(
  sut: ServerUnderTest,
  attack: Attack,
  { inputs, seconds, seed }: LivePlan,
): Promise<number> {
  const before = sut.findings.length;
  const end = performance.now() + seconds * 1000;
  const attacker = await attack.open(sut, new RandomChoice(seededRandom(seed)));
  let delivered = 0;
  let emptyRounds = 0;
  while (delivered < inputs && performance.now() < end && emptyRounds < MAX_EMPTY_ROUNDS) {
    const count = await attacker.go().catch((error: Error) => {
      sut.findings.push(`${attack.name}: ${error.message}`);
      return 0;
    });
    delivered += count;
    emptyRounds = count === 0 ? emptyRounds + 1 : 0;
    if (sut.findings.length > before) break;
  }
  await sut.check(attack.name);
  await attacker.close().catch(() => {});
  return delivered;
}

async function restart(sut: ServerUnderTest, attack: string): Promise<number> {
  try {
    await sut.restart();
    return 1;
  } catch (error) {
    sut.findings.push(`${attack}: does not restart: ${(error as Error).message}`);
    return 0;
  }
}
