import { createCipheriv, createDecipheriv } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import type { Random } from '../core/index.ts';

const MARK = 'sealed:';
const KEY_BYTES = 32;
const IV_BYTES = 12;
const TAG_BYTES = 16;

/** Encrypts secrets in the database with AES-256-GCM; the key is in a file outside the database. */
export class SecretBox {
  #key: Buffer;
  #random: Random;

  /** @param key 32 bytes. */
  constructor(key: Buffer, random: Random) {
    if (key.length !== KEY_BYTES) throw new Error(`a key has ${KEY_BYTES} bytes, this one ${key.length}`);
    this.#key = key;
    this.#random = random;
  }

  /** Encrypts a secret. @returns a text that differs each time, even for the same secret. */
  seal(secret: string): string {
    const iv = this.#random.bytes(IV_BYTES);
    const cipher = createCipheriv('aes-256-gcm', this.#key, iv);
    const text = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()]);
    return MARK + Buffer.concat([iv, cipher.getAuthTag(), text]).toString('base64url');
  }

  /** Decrypts a secret. @throws when it was sealed with another key, or was changed. */
  open(sealed: string): string {
    if (!sealed.startsWith(MARK)) throw new Error('a secret in the database is not sealed');
    const bytes = Buffer.from(sealed.slice(MARK.length), 'base64url');
    try {
      const decipher = createDecipheriv('aes-256-gcm', this.#key, bytes.subarray(0, IV_BYTES), {
        authTagLength: TAG_BYTES,
      });
      decipher.setAuthTag(bytes.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
      const text = decipher.update(bytes.subarray(IV_BYTES + TAG_BYTES), undefined, 'utf8');
      return text + decipher.final('utf8');
    } catch (cause) {
      throw new Error('a secret in the database cannot be opened with this key file', { cause });
    }
  }
}

/** Reads the key file, or creates it (mode 0600) if it does not exist. */
export async function openSecretBox(file: string, random: Random): Promise<SecretBox> {
  const key = (await existing(file)) ?? (await create(file, random.bytes(KEY_BYTES)));
  return new SecretBox(key, random);
}

async function existing(file: string): Promise<Buffer | undefined> {
  try {
    return await readFile(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Writes the key under another name first, so that a crash never leaves half a key. */
async function create(file: string, key: Buffer): Promise<Buffer> {
  await writeFile(`${file}.new`, key, { mode: 0o600, flush: true });
  await rename(`${file}.new`, file);
  return key;
}
