// Records what the caller says, and prints the transcript and the summary when they are made.
import { type Application, type Event, serve } from './support/serve.ts';

const API = process.env['MINIVOICE_URL'] ?? 'http://127.0.0.1:8080';

/** Asks REST for a part of what is known of a call. */
async function read(path: string): Promise<Record<string, unknown>> {
  const answer = await fetch(`${API}/v1${path}`, {
    headers: { Authorization: `Bearer ${process.env['MINIVOICE_API_KEY']}` },
  });
  const body = (await answer.json()) as { data: Record<string, unknown>; error?: { message: string } };
  if (!answer.ok) throw new Error(`${path}: ${body.error?.message}`);
  return body.data;
}

async function onEvent({ event, call, data }: Event): Promise<void> {
  if (event === 'recording.completed') console.log(`${call.id}: ${data['duration_ms']} ms were recorded`);
  if (event !== 'ai.completed') return;
  const [transcription, summary] = await Promise.all([
    read(`/calls/${call.id}/transcription`),
    read(`/calls/${call.id}/ai-summary`),
  ]);
  console.log(`${call.id}: “${transcription['full_text']}”`);
  console.log(`${call.id}: in short: ${summary['summary']} (${summary['sentiment']})`);
}

export const application: Application = {
  pages: {
    '/answer': () => [
      { say: { text: 'This call is recorded. Please tell us what went wrong, then press any key.' } },
      { start_recording: { channels: 2 } },
      { gather: { timeout_seconds: 30 } },
      { stop_recording: {} },
      { say: { text: 'Thank you. We will read it today.' } },
    ],
  },
  onEvent,
};

if (import.meta.main) serve(application);
