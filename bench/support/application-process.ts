/** An application in its own process, which the CPU time of the bench excludes. `fork` it with the document. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { Application } from './application.ts';
import { pin } from './process.ts';

/** The counts that its process reports. */
interface Counts {
  asked: number;
  received: number;
  failures: number;
}

/** The far side of an application in another process. */
export class ApplicationProcess {
  readonly urls: Application['urls'];
  #child: ChildProcess;

  private constructor(child: ChildProcess, urls: Application['urls']) {
    this.#child = child;
    this.urls = urls;
  }

  static async start(document: object, processor?: number): Promise<ApplicationProcess> {
    const child = fork(import.meta.filename, [JSON.stringify(document)]);
    if (processor !== undefined) pin(child.pid!, processor);
    const [urls] = await once(child, 'message');
    return new ApplicationProcess(child, urls);
  }

  async counts(): Promise<Counts> {
    this.#child.send('count');
    const [counts] = await once(this.#child, 'message');
    return counts;
  }

  close(): void {
    this.#child.disconnect();
  }
}

if (import.meta.main) {
  process.on('disconnect', () => process.exit());
  const application = await Application.start(JSON.parse(process.argv[2]!));
  process.send!(application.urls);
  process.on('message', () => {
    const { asked, received, failures } = application;
    process.send!({ asked, received, failures });
  });
}
