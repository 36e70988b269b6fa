import { spawn } from 'node:child_process';
import { nearestLanguage } from '../../../contract/speech-rules.ts';
import { readWav, resample } from '../../audio/index.ts';
import { type Clock, Failure, FairQueue } from '../../core/index.ts';
import type { Samples } from '../cache.ts';
import { type Engine, MAX_RUN_MS, MAX_WAIT_MS, MAX_WAITING, type SpeechJob } from '../engine.ts';
import { levelled } from '../levels.ts';

/** Processes at the same time. */
const AT_ONCE = 2;
/** What a process may write: five minutes of speech, where a sentence is fifteen seconds. */
const MAX_OUTPUT_BYTES = 16 * 1024 * 1024;

/**
 * The `espeak-ng` program, where the machine has it: a hundred languages, plainly spoken. Always a process of
 * its own: its licence (GPL) and its faults stay outside.
 */
export class EspeakEngine implements Engine {
  readonly version = 'espeak-ng/1';
  #clock: Clock;
  #program: string;
  #queue: FairQueue;
  #languages: Promise<Set<string>> | undefined;

  constructor(options: { clock: Clock; program?: string }) {
    this.#clock = options.clock;
    this.#program = options.program ?? 'espeak-ng';
    this.#queue = new FairQueue({
      clock: options.clock,
      atOnce: AT_ONCE,
      maxRunMs: MAX_RUN_MS,
      maxWaitMs: MAX_WAIT_MS,
      maxWaitingPerTenant: MAX_WAITING,
      failure: (why) => new Failure('speech_failed', `the sentence could not be spoken by espeak-ng: ${why}`),
    });
  }

  /** Its name for a BCP 47 language, the nearest it has; undefined when it has none or is not installed. */
  async voiceFor(language: string): Promise<string | undefined> {
    return nearestLanguage(language, await this.languages());
  }

  /** What it can speak, BCP 47 in lower case; nothing where it is not installed. */
  languages(): Promise<Set<string>> {
    this.#languages ??= this.#run(['--voices'], '').then(languagesIn, () => new Set<string>());
    return this.#languages;
  }

  synthesise(sentence: string, voice: string, job: SpeechJob): Promise<Samples> {
    return this.#queue.run(job, (signal) => this.#speak(sentence, voice, signal));
  }

  async close(): Promise<void> {
    this.#queue.close();
  }

  async #speak(sentence: string, voice: string, signal: AbortSignal): Promise<Samples> {
    try {
      const args = ['-v', voice, '-s', '160', '-b', '1', '--stdin', '--stdout'];
      const { samples, sampleRate } = readWav(await this.#run(args, sentence, signal));
      return levelled(resample(samples, sampleRate, 8000));
    } catch (error) {
      throw new Failure('speech_failed', 'the sentence could not be spoken by espeak-ng', { cause: error });
    }
  }

  /** One run of the program; it is killed when `signal` is aborted, when it hangs, and when it writes too much. */
  #run(args: string[], input: string, signal?: AbortSignal): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const child = spawn(this.#program, args, { stdio: ['pipe', 'pipe', 'ignore'] });
      const kill = () => void child.kill('SIGKILL');
      const patience = this.#clock.after(MAX_RUN_MS, kill);
      signal?.addEventListener('abort', kill, { once: true });
      const output: Buffer[] = [];
      let bytesLeft = MAX_OUTPUT_BYTES;
      child.stdout.on('data', (bytes: Buffer) => {
        bytesLeft -= bytes.length;
        if (bytesLeft < 0) kill();
        else output.push(bytes);
      });
      // A program that is gone before it has read its input is reported by `close`.
      child.stdin.on('error', () => {});
      child.on('error', reject);
      child.on('close', (code, killedBy) => {
        patience.cancel();
        signal?.removeEventListener('abort', kill);
        if (code === 0) resolve(Buffer.concat(output));
        else reject(new Error(`espeak-ng ended with ${killedBy ?? code}`));
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
