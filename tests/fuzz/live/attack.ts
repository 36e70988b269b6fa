import { mutate } from '../mutate.ts';
import type { RandomChoice } from '../random-choice.ts';
import type { Target } from '../target.ts';
import type { ServerUnderTest } from './server-under-test.ts';

/** A hostile peer of the running server, over real sockets. */
export interface Attack {
  name: string;
  /** Share of all inputs, in thousandths. */
  share: number;
  open(sut: ServerUnderTest, random: RandomChoice): Promise<Attacker>;
}

/** An open attack. */
export interface Attacker {
  /** Delivers a round of inputs. @returns their number. */
  go(): Promise<number>;
  close(): Promise<void>;
}

/** Generates the inputs of an in-process target. */
export const nextOf =
  (target: Pick<Target, 'corpus' | 'generate'>, random: RandomChoice): (() => Buffer) =>
  () =>
    target.generate && random.once(2) ? target.generate(random) : mutate(random, target.corpus);

/** Replaces the addresses in an input by real ones, and keeps a correct Content-Length correct. */
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
