import type { MixerUse, ThreadInterface } from './sound.ts';
import { MIXER_LINK_BYTES } from './thread/mixer-link.ts';

type Thread = Pick<ThreadInterface, 'linkMixer'>;

/** Links the parts of a mixer on several threads, so that their inputs hear each other. */
export class MixerLinks {
  /** By name: the threads that have inputs, and the memory in which each writes its sum. */
  #mixers = new Map<string, Map<Thread, SharedArrayBuffer>>();

  /** A mixer has its first input on this thread, or has lost its last. */
  update(thread: Thread, { name, isUsed }: MixerUse): void {
    const sums = this.#mixers.get(name) ?? new Map<Thread, SharedArrayBuffer>();
    if (isUsed) sums.set(thread, new SharedArrayBuffer(MIXER_LINK_BYTES));
    else sums.delete(thread);
    if (sums.size === 0) this.#mixers.delete(name);
    else this.#mixers.set(name, sums);
    link(name, sums);
  }

  /** The thread has ended, and its inputs with it. */
  remove(thread: Thread): void {
    for (const [name, sums] of [...this.#mixers])
      if (sums.has(thread)) this.update(thread, { name, isUsed: false });
  }
}

function link(name: string, sums: Map<Thread, SharedArrayBuffer>): void {
  for (const [thread, own] of sums) {
    const others = [...sums.values()].filter((each) => each !== own);
    thread.linkMixer(name, others.length > 0 ? own : null, others);
  }
}
