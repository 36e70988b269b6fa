type Json = Record<string, unknown>;

/** What is read of `GET /v1/calls/:id/ai` here. */
export interface AfterCall {
  transcription?: { segments: { speaker: string; text: string; start_ms: number }[] };
  summary?: { summary: string; action_items: string[] };
}

/** A client of REST in a few lines: requests with a key, answers as JSON, errors as the server said them. */
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

const TOLD = ['digits', 'recording_id', 'duration_ms', 'size_bytes', 'ended_by', 'reason', 'billsec_seconds'];

/** An event in one line: its number in the call, its name, and what is worth knowing of its data. */
export function report({ event, data }: { event: string; data: Json }): string {
  const facts = TOLD.filter((name) => data[name] !== undefined).map((name) => `${name}=${data[name]}`);
  return `${data['sequence']}  ${event.padEnd(20)} ${facts.join('  ')}`;
}
