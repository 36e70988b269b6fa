type Json = Record<string, unknown>;

/** The fields of `GET /v1/calls/:id/ai` that the demo prints. */
export interface AfterCall {
  transcription?: { segments: { speaker: string; text: string; start_ms: number }[] };
  summary?: { summary: string; action_items: string[] };
}

/** A small REST client. It throws with the status and the body if the answer is an error. */
export function createClient(url: string, key: string) {
  return async (method: string, path: string, body?: Json): Promise<Json> => {
    const headers = {
      Authorization: `Bearer ${key}`,
      ...(body ? { 'Content-Type': 'application/json' } : {}),
    };
    const answer = await fetch(url + path, {
      method,
      headers,
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    const json = (await answer.json()) as Json;
    if (!answer.ok) throw new Error(`${method} ${path} answered ${answer.status}: ${JSON.stringify(json)}`);
    return json;
  };
}

const SHOWN = [
  'digits',
  'recording_id',
  'duration_ms',
  'size_bytes',
  'ended_by',
  'reason',
  'billsec_seconds',
];

/** One line about an event: its sequence number, its name, and the interesting part of its data. */
export function report({ event, data }: { event: string; data: Json }): string {
  const facts = SHOWN.filter((name) => data[name] !== undefined).map((name) => `${name}=${data[name]}`);
  return `${data['sequence']}  ${event.padEnd(20)} ${facts.join('  ')}`;
}
