import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { type Harness, type Line, SECRET } from './harness.ts';
import { begin, freePort } from './peers.ts';

const folder = resolve(import.meta.dirname, '../../examples');

/** One of the examples, running as its own process. */
export class Example {
  /** The number that calls it. */
  readonly line: Line;
  /** Its output. */
  readonly printed: string[];
  #process: ChildProcess;

  private constructor(process: ChildProcess, line: Line, printed: string[]) {
    this.#process = process;
    this.line = line;
    this.printed = printed;
  }

  static async start(harness: Harness, name: string, env: Record<string, string> = {}): Promise<Example> {
    const port = freePort();
    const child = begin(process.execPath, [`${folder}/${name}.ts`], {
      env: { ...process.env, ...env, PORT: `${port}`, WEBHOOK_SECRET: SECRET },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const printed: string[] = [];
    const lines = createInterface({ input: child.stdout! }).on('line', (line) => printed.push(line));
    await once(lines, 'line');
    const origin = `http://127.0.0.1:${port}`;
    const line = await harness.line([], { answer_url: `${origin}/answer` });
    harness.passOn(line.number, `${origin}/events`);
    return new Example(child, line, printed);
  }

  close(): void {
    this.#process.kill();
  }
}
