import type { Chance } from '../chance.ts';
import { mutate } from '../mutate.ts';
import type { Target } from '../target.ts';
import type { World } from './world.ts';

/** One kind of hostile peer of the real program, over real sockets. */
export interface Attack {
  name: string;
  /** Its part of all inputs, in thousandths. */
  share: number;
  open(world: World, chance: Chance): Promise<Attacker>;
}

/** An attack that is set up. */
export interface Attacker {
  /** Delivers some inputs. @returns how many. */
  go(): Promise<number>;
  close(): Promise<void>;
}

/** Inputs as the in-process fuzzer makes them. */
export const nextOf =
  (target: Pick<Target, 'corpus' | 'write'>, chance: Chance): (() => Buffer) =>
  () =>
    target.write && chance.once(2) ? target.write(chance) : mutate(chance, target.corpus);

/** The addresses in an input made real, and a Content-Length that was right made right again. */
export function relocate(input: Buffer, far: number, near: number): Buffer {
  const text = input.toString('latin1');
  const moved = text
    .replaceAll('10.0.0.9:5060', `127.0.0.1:${far}`)
    .replaceAll('10.0.0.9', '127.0.0.1')
    .replaceAll('10.0.0.1:5060', `127.0.0.1:${near}`)
    .replaceAll('10.0.0.1', `127.0.0.1`);
  const bodyOf = (whole: string) => whole.slice(whole.indexOf('\r\n\r\n') + 4).length;
  const [before, after] = [bodyOf(text), bodyOf(moved)];
  const lengths = moved.replace(/^(Content-Length|l)( *: *)(\d+)\r$/gim, (line, name, colon, length) =>
    Number(length) === before ? `${name}${colon}${after}\r` : line,
  );
  return Buffer.from(lengths, 'latin1');
}
