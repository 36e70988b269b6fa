import { beforeEach, describe, expect, it } from 'vitest';
import { Failure, Signal } from '../core/index.ts';
import type { Describes, FromThread, ToThread } from './protocol.ts';
import { type Connection, proxyOf, type RemoteObject } from './remote-object.ts';
import { RemoteSound } from './remote-sound.ts';
import { SOUND } from './sound.ts';
import { ObjectHost } from './thread/object-host.ts';
import { MediaSession } from './thread/session.ts';

/** An interface with every kind of crossing. */
interface Counter {
  readonly changed: Signal<number>;
  reset(): void;
  label(label: object): void;
  add(amount: number): Promise<number>;
  wait(signal?: AbortSignal): Promise<number>;
  waitOrZero(signal?: AbortSignal): Promise<number>;
  sum(amounts: AsyncIterable<number>): Promise<number>;
  file(path: string): Promise<File>;
  close(): Promise<number>;
}
interface File {
  readonly path: string;
  readonly ended: Promise<string>;
  finish(): Promise<void>;
  discard(): void;
}

const FILE: Describes<File> = {
  methods: { finish: { resolvesWith: undefined }, discard: 'end' },
  events: { ended: 'once' },
  fields: ['path'],
  endsItself: true,
};
const COUNTER: Describes<Counter> = {
  methods: {
    reset: 'send',
    label: 'send_changes',
    add: 'call',
    wait: 'call',
    waitOrZero: { resolvesWith: 0 },
    sum: 'call',
    file: { opens: FILE, failsWith: 'file_lost' },
    close: 'close',
  },
  events: { changed: 'while_listened' },
  fields: [],
};

/** The object on the thread. */
class RealCounter implements Counter {
  isListenedTo = false;
  readonly changed = new Signal<number>((on) => {
    this.isListenedTo = on;
  });
  count = 0;
  readonly labels: object[] = [];
  readonly aborted: unknown[] = [];
  readonly discarded: string[] = [];

  reset(): void {
    this.count = 0;
  }

  label(label: object): void {
    this.labels.push(label);
  }

  async add(amount: number): Promise<number> {
    if (amount < 0) throw new Failure('invalid_request', 'the amount is negative');
    this.count += amount;
    this.changed.emit(this.count);
    return this.count;
  }

  wait(signal?: AbortSignal): Promise<number> {
    signal?.addEventListener('abort', () => this.aborted.push(signal.reason));
    return new Promise(() => {});
  }

  waitOrZero(signal?: AbortSignal): Promise<number> {
    return this.wait(signal);
  }

  async sum(amounts: AsyncIterable<number>): Promise<number> {
    let sum = 0;
    for await (const amount of amounts) sum += amount;
    return sum;
  }

  async file(path: string): Promise<File> {
    if (path === '') return new Promise(() => {});
    const { promise, resolve } = Promise.withResolvers<string>();
    const discard = () => this.discarded.push(path);
    return { path, ended: promise, finish: async () => resolve(`${path} ended`), discard };
  }

  async close(): Promise<number> {
    return this.count;
  }
}

class RemoteFile extends proxyOf<File>(FILE) {}
class RemoteCounter extends proxyOf<Counter>(COUNTER, { file: RemoteFile }) {}

/** Messages go to and fro as plain data, as between threads. */
class Loop implements Connection {
  readonly objects = new Map<number, RemoteObject>();
  readonly sent: ToThread[] = [];
  readonly answered: FromThread[] = [];
  readonly defects: unknown[] = [];
  readonly host = new ObjectHost(
    (message) => this.#take(structuredClone(message)),
    (_, owner) => owner,
  );
  isDead = false;
  #last = 0;

  number(): number {
    return ++this.#last;
  }

  post(message: ToThread): void {
    this.sent.push(message);
    const clone = structuredClone(message);
    queueMicrotask(() => !this.isDead && this.host.take(clone));
  }

  #take(message: FromThread): void {
    this.answered.push(message);
    if (!('id' in message)) return;
    const object = this.objects.get(message.id);
    if (message.type === 'answer') object?.answer(message);
    else if (message.type === 'event') object?.event(message.name, message.value);
    else object?.next(message.call);
  }
}

let loop: Loop;
let real: RealCounter;
let remote: RemoteCounter;

beforeEach(() => {
  loop = new Loop();
  real = new RealCounter();
  const id = loop.number();
  loop.host.serve(id, real, COUNTER, { called: () => {}, failed: (error) => loop.defects.push(error) });
  remote = new RemoteCounter(loop, id);
});

const settled = () => new Promise(setImmediate);

describe('a remote object', () => {
  it('answers each call with its own result', async () => {
    const results = await Promise.all(Array.from({ length: 100 }, () => remote.add(1)));
    expect(results).toEqual(Array.from({ length: 100 }, (_, i) => i + 1));
  });

  it('rejects with the code and the message of a Failure', async () => {
    await expect(remote.add(-1)).rejects.toMatchObject({
      code: 'invalid_request',
      message: 'the amount is negative',
    });
    expect(loop.defects).toEqual([]);
  });

  it('rejects a call that fails by a defect, and reports it to the owner', async () => {
    real.add = async () => {
      throw new TypeError('not a function');
    };
    await expect(remote.add(1)).rejects.toMatchObject({ code: 'audio_closed' });
    expect(loop.defects).toMatchObject([{ message: 'not a function' }]);
  });

  it('wants no answer to a method without a result', async () => {
    await remote.add(5);
    remote.reset();
    await settled();
    expect(real.count).toBe(0);
    expect(loop.answered.filter(({ type }) => type === 'answer')).toHaveLength(1);
  });

  it('sends a setting again only when it changes', async () => {
    const [red, blue] = [{ red: 1 }, { blue: 1 }];
    for (const label of [red, red, blue, blue, red]) remote.label(label);
    await settled();
    expect(real.labels).toEqual([red, blue, red]);
  });

  it('forwards an event only while somebody listens', async () => {
    const heard: number[] = [];
    const stop = remote.changed.on((count) => heard.push(count));
    await remote.add(1);
    expect(real.isListenedTo).toBe(true);
    stop();
    await remote.add(1);
    expect(real.isListenedTo).toBe(false);
    expect(heard).toEqual([1]);
  });

  it('cannot be made to call what its interface does not list', async () => {
    for (const name of ['constructor', 'toString', 'count', '__proto__'])
      loop.host.take({ type: 'call', id: remote.id, call: 99, name, args: [] });
    await settled();
    expect(loop.answered).toEqual([]);
    expect(loop.defects).toEqual([]);
  });
});

describe('an async iterable among the arguments', () => {
  it('is asked for one item at a time', async () => {
    let made = 0;
    const amounts = async function* () {
      for (; made < 5; ) yield ++made;
    };
    await expect(remote.sum(amounts())).resolves.toBe(15);
    expect(loop.answered.filter(({ type }) => type === 'next')).toHaveLength(5);
  });

  it('that fails rejects the call with its own error, and ends the loop on the thread', async () => {
    const error = new Error('no more');
    const amounts = async function* () {
      yield 1;
      throw error;
    };
    await expect(remote.sum(amounts())).rejects.toBe(error);
    await settled();
    expect(loop.answered.at(-1)).toMatchObject({
      type: 'answer',
      error: { message: 'the call was aborted' },
    });
  });

  it('that fails before the thread asks for an item ends the loop, too', async () => {
    const sum = real.sum.bind(real);
    real.sum = async (amounts) => {
      await settled();
      return sum(amounts);
    };
    const error = new Error('no more');
    // biome-ignore lint/correctness/useYield: it fails before its first item.
    const amounts = async function* (): AsyncGenerator<number> {
      throw error;
    };
    await expect(remote.sum(amounts())).rejects.toBe(error);
    await settled();
    await settled();
    expect(loop.answered.at(-1)).toMatchObject({
      type: 'answer',
      error: { message: 'the call was aborted' },
    });
  });

  it('is returned when the call is settled without it', async () => {
    let isReturned = false;
    const amounts = (): AsyncIterable<number> => ({
      [Symbol.asyncIterator]: () => ({
        next: () => new Promise(() => {}),
        return: async () => {
          isReturned = true;
          return { done: true, value: undefined };
        },
      }),
    });
    const sum = remote.sum(amounts());
    await settled();
    void remote.close();
    await expect(sum).rejects.toMatchObject({ code: 'audio_closed' });
    await settled();
    expect(isReturned).toBe(true);
  });
});

describe('an aborted call', () => {
  it('rejects at once with the reason of the signal, or resolves with the value for that', async () => {
    const abort = new AbortController();
    const waiting = remote.wait(abort.signal);
    const zero = remote.waitOrZero(abort.signal);
    await settled();
    abort.abort(new Error('hung up'));
    await expect(waiting).rejects.toThrow('hung up');
    await expect(zero).resolves.toBe(0);
    expect(real.aborted).toHaveLength(2);
  });

  it('reaches the thread even when the signal was aborted before', async () => {
    await expect(remote.wait(AbortSignal.abort(new Error('too late')))).rejects.toThrow('too late');
    await settled();
    expect(real.aborted).toHaveLength(1);
  });
});

/** Many calls that wait, and how each is settled, in order. */
async function manyCalls(end: () => void): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  const count = (how: string) => {
    counts[how] = (counts[how] ?? 0) + 1;
  };
  const pending = Array.from({ length: 100 }, () => [
    remote.wait().then(
      () => count('resolved'),
      ({ code }) => count(code),
    ),
    remote.waitOrZero().then((value) => count(`value ${value}`)),
    remote.file('').then(
      () => count('opened'),
      ({ code }) => count(code),
    ),
  ]);
  const file = await remote.file('a');
  void file.ended.then(count);
  await settled();
  end();
  await Promise.all(pending.flat());
  // What the thread still answers changes nothing.
  for (const call of loop.sent)
    if (call.type === 'call' && call.call > 0)
      remote.answer({ type: 'answer', id: remote.id, call: call.call, ok: 1 });
  await settled();
  return counts;
}

describe('everything that waits', () => {
  it('is settled once when the object closes; calls that open a file wait for the close', async () => {
    const counts = await manyCalls(() => void remote.close());
    expect(counts).toEqual({ audio_closed: 100, 'value 0': 100, file_lost: 100 });
    expect([...loop.objects.keys()]).toEqual([]);
  });

  it('is settled once when the thread is dead', async () => {
    const counts = await manyCalls(() => {
      loop.isDead = true;
      remote.end('the thread has died');
      remote.end('the thread has died again');
    });
    expect(counts).toEqual({ audio_closed: 100, 'value 0': 100, file_lost: 100 });
    expect([...loop.objects.keys()]).toEqual([]);
  });

  it('is refused after that', async () => {
    await remote.close();
    const posted = loop.sent.length;
    remote.reset();
    await expect(remote.add(1)).rejects.toMatchObject({ code: 'audio_closed' });
    await expect(remote.waitOrZero()).resolves.toBe(0);
    await expect(remote.file('b')).rejects.toMatchObject({ code: 'audio_closed' });
    await expect(remote.close()).resolves.toBe(0);
    expect(loop.sent).toHaveLength(posted);
  });
});

describe('an object that another one opens', () => {
  it('has its fields, and ends itself after its opener has closed', async () => {
    const file = await remote.file('a.wav');
    expect(file.path).toBe('a.wav');
    await file.finish();
    await expect(file.ended).resolves.toBe('a.wav ended');
    expect([...loop.objects.values()]).toEqual([remote]);
  });

  it('ends at once with a method that ends it', async () => {
    const file = await remote.file('a.wav');
    file.discard();
    expect([...loop.objects.values()]).toEqual([remote]);
    file.discard();
    await expect(file.finish()).resolves.toBeUndefined();
    await settled();
    expect(real.discarded).toEqual(['a.wav']);
  });
});

describe('a new feature of Sound needs two places: its interface and the session', () => {
  it.each(Object.keys(SOUND.methods))(
    '%s is declared, served by the session, and carried by the proxy',
    (name) => {
      expect(MediaSession.prototype).toHaveProperty(name, expect.any(Function));
      expect(RemoteSound.prototype).toHaveProperty(name, expect.any(Function));
    },
  );

  it('a method that is added to an interface and its object is carried without further code', async () => {
    const own = { ...COUNTER, methods: { ...COUNTER.methods, double: 'call' as const } };
    class Doubling extends RealCounter {
      async double(): Promise<number> {
        this.count *= 2;
        return this.count;
      }
    }
    const id = loop.number();
    loop.host.serve(id, new Doubling(), own, { called: () => {}, failed: () => {} });
    const proxy = new (proxyOf<Counter & { double(): Promise<number> }>(own))(loop, id);
    await proxy.add(21);
    await expect(proxy.double()).resolves.toBe(42);
  });
});
