import * as fs from 'node:fs';

/** The few things that a recording asks of a disk. All reject with the system's error. */
export interface Files {
  /** Creates the file, or empties it. @returns its descriptor. */
  create(path: string): Promise<number>;
  /** Writes the first `length` bytes at `position`. @returns how many of them were written. */
  write(fd: number, bytes: Uint8Array, offset: number, length: number, position: number): Promise<number>;
  truncate(fd: number, length: number): Promise<void>;
  /** Resolves when the data are on the disk itself and not only in the system's memory. */
  sync(fd: number): Promise<void>;
  close(fd: number): Promise<void>;
}

type Done<T> = (error: Error | null, value?: T) => void;

function promised<T>(call: (done: Done<T>) => void): Promise<T> {
  return new Promise((resolve, reject) =>
    call((error, value) => (error ? reject(error) : resolve(value as T))),
  );
}

/** The disk of the machine, by Node's own pool of threads: a slow one does not hold up the beat. */
export const systemFiles: Files = {
  create: (path) => promised((done) => fs.open(path, 'w', done)),
  write: (fd, bytes, offset, length, position) =>
    promised((done) => fs.write(fd, bytes, offset, length, position, done)),
  truncate: (fd, length) => promised((done) => fs.ftruncate(fd, length, done)),
  sync: (fd) => promised((done) => fs.fdatasync(fd, done)),
  close: (fd) => promised((done) => fs.close(fd, done)),
};

/** The disk of the machine, written to at once: for virtual time, which does not wait for disks. */
export const instantFiles: Files = {
  create: async (path) => fs.openSync(path, 'w'),
  write: async (fd, bytes, offset, length, position) => fs.writeSync(fd, bytes, offset, length, position),
  truncate: async (fd, length) => fs.ftruncateSync(fd, length),
  sync: async () => {},
  close: async (fd) => fs.closeSync(fd),
};
