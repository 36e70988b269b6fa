import { createHash } from 'node:crypto';

/** A form with one file, as `multipart/form-data` (RFC 7578). */
export function multipart(
  fields: Record<string, string>,
  file: { name: string; type: string; bytes: Buffer },
): { type: string; body: Buffer } {
  // RFC 2046 §5.1.1: a boundary must not stand in the content; a hash of it does not.
  const boundary = createHash('sha256').update(file.bytes).digest('hex').slice(0, 48);
  const parts = Object.entries(fields).map(
    ([name, value]) => `--${boundary}\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
  );
  const head = `--${boundary}\r\ncontent-disposition: form-data; name="file"; filename="${file.name}"\r\n`;
  const begin = Buffer.from(`${parts.join('')}${head}content-type: ${file.type}\r\n\r\n`);
  const end = Buffer.from(`\r\n--${boundary}--\r\n`);
  return { type: `multipart/form-data; boundary=${boundary}`, body: Buffer.concat([begin, file.bytes, end]) };
}
