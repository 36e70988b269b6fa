import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const folder = join(import.meta.dirname, 'regressions');

/** Reads the inputs of former findings. In a file, each is preceded by its length in four octets. */
export function regressionsOf(target: string): { name: string; inputs: Buffer[] }[] {
  const own = join(folder, target);
  if (!existsSync(own)) return [];
  return readdirSync(own).map((name) => ({ name, inputs: unpack(readFileSync(join(own, name))) }));
}

/** Stores the inputs of a finding as a regression. @returns the file. */
export function keepRegression(target: string, inputs: Buffer[]): string {
  const packed = Buffer.concat(inputs.flatMap((input) => [lengthOf(input), input]));
  const name = createHash('sha256').update(packed).digest('hex').slice(0, 12);
  mkdirSync(join(folder, target), { recursive: true });
  const file = join(folder, target, `${name}.inputs`);
  writeFileSync(file, packed);
  return file;
}

function lengthOf(input: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(input.length);
  return length;
}

function unpack(packed: Buffer): Buffer[] {
  const inputs: Buffer[] = [];
  for (let at = 0; at + 4 <= packed.length; ) {
    const end = at + 4 + packed.readUInt32BE(at);
    inputs.push(packed.subarray(at + 4, end));
    at = end;
  }
  return inputs;
}
