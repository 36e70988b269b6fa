import { spawn } from 'node:child_process';
import { type Clock, Failure } from '../../kit/index.ts';
import { readWav, resample } from '../../media/index.ts';
import type { Samples } from '../cache.ts';
import type { Engine } from '../engine.ts';
import { levelled } from '../levels.ts';

const PATIENCE_MS = 10_000;

/**
 * The `espeak-ng` program, where the machine has it: a hundred languages, plainly spoken. Always a process of
 * its own: its licence (GPL) and its faults stay outside.
 */
export class EspeakEngine implements Engine {
  readonly version = 'espeak-ng/1';
  #clock: Clock;
  #program: string;
  #languages: Promise<Set<string>> | undefined;

  constructor(options: { clock: Clock; program?: string }) {
    this.#clock = options.clock;
    this.#program = options.program ?? 'espeak-ng';
  }

  /** Its name for a BCP 47 language, the nearest it has; undefined when it has none or is not installed. */
  async voiceFor(language: string): Promise<string | undefined> {
    this.#languages ??= this.#run(['--voices'], '').then(languagesIn, () => new Set<string>());
    const known = await this.#languages;
    const parts = language.toLowerCase().replaceAll('_', '-').split('-');
    for (; parts.length > 0; parts.pop()) {
      if (known.has(parts.join('-'))) return parts.join('-');
    }
    return undefined;
  }

  async synthesise(sentence: string, voice: string): Promise<Samples> {
    try {
      const wav = await this.#run(['-v', voice, '-s', '160', '-b', '1', '--stdin', '--stdout'], sentence);
      const { samples, sampleRate } = readWav(wav);
      return levelled(resample(samples, sampleRate, 8000));
    } catch (error) {
      throw new Failure('speech_failed', 'the sentence could not be spoken by espeak-ng', { cause: error });
    }
  }

  async close(): Promise<void> {}

  #run(args: string[], input: string): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const child = spawn(this.#program, args, { stdio: ['pipe', 'pipe', 'ignore'] });
      const patience = this.#clock.after(PATIENCE_MS, () => child.kill('SIGKILL'));
      const output: Buffer[] = [];
      child.stdout.on('data', (bytes: Buffer) => output.push(bytes));
      // A program that is gone before it has read its input is reported by `close`.
      child.stdin.on('error', () => {});
      child.on('error', reject);
      child.on('close', (code, signal) => {
        patience.cancel();
        if (code === 0) resolve(Buffer.concat(output));
        else reject(new Error(`espeak-ng ended with ${signal ?? code}`));
      });
      child.stdin.end(input);
    });
  }
}

/** The second column of `espeak-ng --voices`: ` 5  de              --/M      German …`. */
function languagesIn(table: Buffer): Set<string> {
  const lines = table.toString('utf8').split('\n').slice(1);
  return new Set(lines.map((line) => line.trim().split(/\s+/)[1]?.toLowerCase() ?? '').filter(Boolean));
}
