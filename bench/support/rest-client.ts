/** Asks REST from a thread of its own, so that what the client costs is not counted as the server's. */
import { request } from 'node:http';
import { parentPort, workerData } from 'node:worker_threads';

export interface Asked {
  method: string;
  path: string;
  key: string;
  body: string | undefined;
}

const origin = new URL(workerData as string);

parentPort!.on('message', ({ method, path, key, body }: Asked) => {
  const headers = {
    authorization: `Bearer ${key}`,
    ...(body === undefined
      ? {}
      : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
  };
  const asking = request(new URL(path, origin), { method, headers }, (response) => {
    let bytes = 0;
    response.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
    });
    response.on('end', () => parentPort!.postMessage({ status: response.statusCode, bytes }));
  });
  asking.on('error', (error) => parentPort!.postMessage({ status: 0, bytes: 0, error: String(error) }));
  asking.end(body);
});
