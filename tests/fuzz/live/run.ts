import { seededRandom } from '../../../src/core/index.ts';
import { Chance } from '../chance.ts';
import type { Attack } from './attack.ts';
import { media, secure, tcp, udp } from './callers.ts';
import { callee, registrar } from './peers.ts';
import { applications, clients, nameServer } from './web.ts';
import { World } from './world.ts';

/** All attacks but that of the name server, which is made with the world. */
const ATTACKS: readonly Attack[] = [udp, tcp, secure, media, callee, registrar, clients, applications];
export const ATTACK_NAMES = [...ATTACKS.map(({ name }) => name), 'dns'];

export interface LivePlan {
  inputs: number;
  /** The most that each attack may take. */
  seconds: number;
  seed: number;
  /** Names of attacks. */
  parts: readonly string[];
  /** Kills the program after each attack, and not only after the last one. */
  restartsOften: boolean;
  /** Told after each attack. */
  progress?(line: string): void;
}

/** Rounds of an attack in which nothing could be delivered, such as calls over a transport that the far end lacks. */
const FRUITLESS_ROUNDS = 20;

/** Attacks the real program. @returns how much of it there was, and what was found wrong. */
export async function attackAll(plan: LivePlan) {
  const dns = await nameServer();
  const chosen = [...ATTACKS, dns.names].filter(({ name }) => plan.parts.includes(name));
  const shares = chosen.reduce((sum, { share }) => sum + share, 0);
  const world = await World.open(dns.port);
  let inputs = 0;
  let restarts = 0;
  try {
    for (const attack of chosen) {
      const began = performance.now();
      const before = world.findings.length;
      const delivered = await run(world, attack, {
        ...plan,
        inputs: Math.ceil((plan.inputs * attack.share) / shares),
      });
      inputs += delivered;
      if (plan.restartsOften || attack === chosen.at(-1)) restarts += await restart(world, attack.name);
      const seconds = Math.round((performance.now() - began) / 1000);
      const found = world.findings.slice(before).map((finding) => `\n  ${finding.slice(0, 2000)}`);
      plan.progress?.(
        `${attack.name.padEnd(10)} ${String(delivered).padStart(9)} inputs ${String(seconds).padStart(5)} s${found.join('')}`,
      );
    }
  } finally {
    await world.close();
    dns.close();
  }
  return { inputs, restarts, findings: world.findings };
}

async function run(world: World, attack: Attack, { inputs, seconds, seed }: LivePlan): Promise<number> {
  const before = world.findings.length;
  const end = performance.now() + seconds * 1000;
  const attacker = await attack.open(world, new Chance(seededRandom(seed)));
  let delivered = 0;
  let fruitless = 0;
  while (delivered < inputs && performance.now() < end && fruitless < FRUITLESS_ROUNDS) {
    const some = await attacker.go().catch((error: Error) => {
      world.findings.push(`${attack.name}: ${error.message}`);
      return 0;
    });
    delivered += some;
    fruitless = some === 0 ? fruitless + 1 : 0;
    if (world.findings.length > before) break;
  }
  await world.check(attack.name);
  await attacker.close().catch(() => {});
  return delivered;
}

async function restart(world: World, attack: string): Promise<number> {
  try {
    await world.restart();
    return 1;
  } catch (error) {
    world.findings.push(`${attack}: does not start again: ${(error as Error).message}`);
    return 0;
  }
}
