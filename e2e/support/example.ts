import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { begin, freePort } from './peers.ts';
import { type Line, SECRET, type Stage } from './stage.ts';

const folder = resolve(import.meta.dirname, '../../examples');

/** One of the sample applications, run as its own program. */
export class Example {
  /** The number that leads to it. */
  readonly line: Line;
  /** What it has printed. */
  readonly printed: string[];
  #process: ChildProcess;

  private constructor(process: ChildProcess, line: Line, printed: string[]) {
    this.#process = process;
    this.line = line;
    this.printed = printed;
  }

  static async start(stage: Stage, name: string, env: Record<string, string> = {}): Promise<Example> {
    const port = freePort();
    const child = begin(process.execPath, [`${folder}/${name}.ts`], {
      env: { ...process.env, ...env, PORT: `${port}`, WEBHOOK_SECRET: SECRET },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const printed: string[] = [];
    const lines = createInterface({ input: child.stdout! }).on('line', (line) => printed.push(line));
    await once(lines, 'line');
    const origin = `http://127.0.0.1:${port}`;
    const line = await stage.line([], { answer_url: `${origin}/answer` });
    stage.passOn(line.number, `${origin}/events`);
    return new Example(child, line, printed);
  }

  close(): void {
    this.#process.kill();
  }
}
