import { spawn } from 'node:child_process';
import { nearestLanguage } from '../../../contract/speech-rules.ts';
import { readWav, resample } from '../../audio/index.ts';
import { type Clock, Failure, FairQueue } from '../../core/index.ts';
import type { Samples } from '../cache.ts';
import { type Engine, MAX_RUN_MS, MAX_WAIT_MS, MAX_WAITING, type SpeechJob } from '../engine.ts';
import { normalizeLoudness } from '../loudness.ts';

/** Concurrent processes. */
const AT_ONCE = 2;
/** Most octets that a process may write: five minutes of speech; a sentence takes fifteen seconds. */
const MAX_OUTPUT_BYTES = 16 * 1024 * 1024;

/**
 * Speaks a hundred languages with the `espeak-ng` program, if the machine has it. It always runs as a separate process,
 * because of its license (GPL) and so that its crashes do not matter.
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
      concurrency: AT_ONCE,
      maxRunMs: MAX_RUN_MS,
      maxWaitMs: MAX_WAIT_MS,
      maxWaitingPerTenant: MAX_WAITING,
      failure: (why) => new Failure('speech_failed', `espeak-ng could not speak the sentence: ${why}`),
    });
  }

  /** The voice closest to a BCP 47 language; undefined if there is none or espeak-ng is not installed. */
  async voiceFor(language: string): Promise<string | undefined> {
    return nearestLanguage(language, await this.languages());
  }

  /** Supported languages, BCP 47 in lower case; empty if espeak-ng is not installed. */
  languages(): Promise<Set<string>> {
    this.#languages ??= this.#run(['--voices'], '').then(languagesIn, () => new Set<string>());
    return this.#languages;
  }

  synthesize(sentence: string, voice: string, job: SpeechJob): Promise<Samples> {
    return this.#queue.run(job, ({ signal }) => this.#speak(sentence, voice, signal));
  }

  async close(): Promise<void> {
    this.#queue.close();
  }

  async #speak(sentence: string, voice: string, signal: AbortSignal): Promise<Samples> {
    try {
      const args = ['-v', voice, '-s', '160', '-b', '1', '--stdin', '--stdout'];
      const { samples, sampleRate } = readWav(await this.#run(args, sentence, signal));
      return normalizeLoudness(resample(samples, sampleRate, 8000));
    } catch (error) {
      throw new Failure('speech_failed', 'espeak-ng could not speak the sentence', { cause: error });
    }
  }

  /** Runs the program once. Kills it when `signal` aborts, when it hangs, and when it writes too much. */
  #run(args: string[], input: string, signal?: AbortSignal): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const child = spawn(this.#program, args, { stdio: ['pipe', 'pipe', 'ignore'] });
      const kill = () => void child.kill('SIGKILL');
      const timeout = this.#clock.after(MAX_RUN_MS, kill);
      signal?.addEventListener('abort', kill, { once: true });
      const output: Buffer[] = [];
      let bytesLeft = MAX_OUTPUT_BYTES;
      child.stdout.on('data', (bytes: Buffer) => {
        bytesLeft -= bytes.length;
        if (bytesLeft < 0) kill();
        else output.push(bytes);
      });
      // `close` reports a program that ends before it has read its input.
      child.stdin.on('error', () => {});
      child.on('error', reject);
      child.on('close', (code, killedBy) => {
        timeout.cancel();
        signal?.removeEventListener('abort', kill);
        if (code === 0) resolve(Buffer.concat(output));
        else reject(new Error(`espeak-ng ended with ${killedBy ?? code}`));
      });
      child.stdin.end(input);
    });
  }
}

/**
 * Reads the languages of `espeak-ng --voices`: the second column, and the other tags of a voice in parentheses:
 * ` 5  fr-fr           --/M      French_(France)    roa/fr               (fr 5)`.
 */
function languagesIn(table: Buffer): Set<string> {
  const lines = table.toString('utf8').toLowerCase().split('\n').slice(1);
  return new Set(
    lines.flatMap((line) => {
      const [, tag] = line.trim().split(/\s+/);
      const others = [...line.matchAll(/\((\S+) \d+\)/g)].map(([, other]) => other!);
      return tag ? [tag, ...others] : [];
    }),
  );
}
