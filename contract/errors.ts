/** One kind of error: what REST answers with it, and the sentence that is said when no better one is known. */
export interface ErrorEntry {
  /** HTTP status; null for errors that only a call, an event or a timeline tells of. */
  status: number | null;
  /** A sentence a person can act on. */
  message: string;
}

const entry = (status: number | null, message: string): ErrorEntry => ({ status, message });

/** Every error code there is: of REST, of calls, and of recordings. Codes never change once published. */
export const ERRORS = {
  // What any request can be answered with.
  invalid_json: entry(400, 'the body is not valid JSON'),
  invalid_request: entry(400, 'the request is not valid'),
  invalid_cursor: entry(400, 'cursor is not one that this list has given out'),
  unauthorized: entry(401, 'a valid API key is required: Authorization: Bearer <key>'),
  not_found: entry(404, 'there is nothing here'),
  method_not_allowed: entry(405, 'this address does not take that method'),
  payload_too_large: entry(413, 'the body is larger than this route takes'),
  unsupported_media_type: entry(415, 'the body must be application/json'),
  range_not_satisfiable: entry(416, 'the range lies outside of the file'),
  rate_limited: entry(429, 'too many requests: slow down'),
  internal_error: entry(500, 'something went wrong on our side'),
  stored_row_unusable: entry(
    500,
    'a row of the database is damaged: the operator finds it in /admin/v1/quarantine',
  ),
  not_available_yet: entry(501, 'this is not available yet'),
  overloaded: entry(503, 'the server cannot take more work at present'),
  not_ready: entry(503, 'the server is not ready'),

  // Who is who.
  customer_not_found: entry(404, 'customer not found'),
  application_not_found: entry(404, 'application not found'),
  trunk_not_found: entry(404, 'trunk not found'),
  phone_not_found: entry(404, 'phone not found'),
  number_exists: entry(409, 'number_e164 already exists'),
  gateway_name_exists: entry(409, 'gateway_name already exists'),
  inbound_ip_exists: entry(409, 'inbound_ip already exists'),
  username_exists: entry(409, 'username already exists'),
  limit_reached: entry(409, 'the customer has as many of these as a customer may have'),

  // Calls.
  call_not_found: entry(404, 'call not found'),
  call_active: entry(409, 'the call is not over yet: hang up first'),
  call_events_pending: entry(409, 'events of the call are still to be delivered: try again later'),
  active_call_not_found: entry(404, 'no such call is active'),
  call_uuid_missing: entry(409, 'the call has no SIP leg yet'),
  invalid_action: entry(400, 'action is not one that this endpoint knows'),
  invalid_action_payload: entry(400, 'invalid action payload'),
  rate_not_found: entry(400, 'no rate matches the destination'),
  no_active_trunk: entry(400, 'no active trunk can carry the call'),
  caller_id_not_allowed: entry(403, "from is not one of the customer's numbers"),
  insufficient_balance: entry(402, 'balance is too low to create call'),
  spend_control_exceeded: entry(403, 'outbound spend limit exceeded'),
  cps_limit_reached: entry(429, 'too many calls per second'),
  concurrent_call_limit_reached: entry(429, 'too many calls at the same time'),
  balance_exhausted: entry(null, 'the balance or the spend limit was used up while the call lasted'),
  idempotency_key_reused: entry(409, 'this Idempotency-Key was used for another request'),
  originate_failed: entry(502, 'the call could not be placed'),
  answer_url_error: entry(null, 'invalid action payload'),
  not_acceptable: entry(null, 'the offered media cannot be handled'),
  no_media_port: entry(null, 'no RTP port is free'),
  invalid_sdp: entry(null, 'the session description is not valid'),
  no_ack: entry(null, 'the caller never acknowledged that the call was answered'),
  no_usable_answer: entry(null, 'the far end did not answer our media offer with anything that can be used'),
  no_response: entry(null, 'the far end answers nothing any more'),
  session_expired: entry(null, 'the far end did not refresh the session'),
  media_timeout: entry(null, 'no sound came from the far end any more'),
  media_lost: entry(null, 'the media thread of the call has failed'),
  max_duration: entry(null, 'the call had lasted as long as a call may'),
  audio_closed: entry(null, 'the sound of the call has ended'),
  call_ended: entry(null, 'the call has ended'),
  node_restarted: entry(null, 'MiniVoice was restarted while the call was running'),

  // Why another server could not be asked.
  url_not_allowed: entry(null, 'the URL is not one that may be asked'),
  address_not_allowed: entry(null, 'the URL leads to an address that is not allowed'),
  connect_failed: entry(null, 'the server could not be reached'),
  tls_failed: entry(null, 'the server could not be reached over TLS'),
  timeout: entry(null, 'the server did not answer in time'),
  answer_broken: entry(null, 'the server broke off its answer'),
  answer_too_large: entry(null, "the server's answer was too large"),

  // What an action can fail with.
  transfer_failed: entry(null, 'the destination could not be connected'),
  bridge_failed: entry(null, 'the destination could not be connected'),
  conference_full: entry(null, 'the room has no free place'),
  stream_failed: entry(null, 'the stream could not be opened'),
  speech_failed: entry(null, 'the text could not be spoken'),
  play_failed: entry(null, 'the file could not be played'),
  unsupported_sound: entry(null, 'the file is not sound of a kind that can be played'),
  too_many_variables: entry(null, 'a call holds at most 100 variables'),

  // Recordings.
  recording_not_found: entry(404, 'recording not found'),
  recording_not_started: entry(404, 'recording is not currently started'),
  recording_not_ready: entry(409, 'the recording is still running'),
  recording_file_missing: entry(404, "the recording's file is not there"),
  signature_invalid: entry(401, 'the signed address is not valid, or no longer'),
  recording_start_failed: entry(502, 'the recording could not be started'),
  recording_stop_failed: entry(502, 'the recording could not be stopped'),
  recording_write_failed: entry(null, 'the recording could not be written'),
  recording_lost: entry(null, 'the file of the recording is gone'),

  tap_failed: entry(null, 'the sound could not be written to a file'),
  disk_full: entry(null, 'the disk is full'),

  // Events and their delivery.
  event_not_found: entry(404, 'event not found'),
  no_webhook_url: entry(409, 'the application has no webhook_url'),

  // After the call.
  transcription_not_found: entry(404, 'transcription not found'),
  ai_summary_not_found: entry(404, 'AI summary not found'),
  ai_score_not_found: entry(404, 'AI score not found'),
  ai_topics_not_found: entry(404, 'AI topics not found'),
  nothing_to_process: entry(409, 'the call has no completed recording'),
  ai_not_available: entry(409, 'no engine for transcription is set up'),
  recognition_failed: entry(null, 'the recording could not be transcribed'),
  analysis_failed: entry(null, 'what was said could not be analysed'),
  ai_endpoint_failed: entry(null, "the AI server's answer could not be used"),
  job_lost: entry(null, 'the work is not ours any more'),
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof ERRORS;

export const isErrorCode = (code: string): code is ErrorCode => Object.hasOwn(ERRORS, code);

/** The HTTP status that goes with a code; 500 for one that REST does not know. */
export const errorStatus = (code: string): number => (isErrorCode(code) ? (ERRORS[code].status ?? 500) : 500);

/** The sentence said with a code when there is no better one. */
export const errorMessage = (code: ErrorCode): string => ERRORS[code].message;

/** Codes of the single faults in a document or a body: `error.details[].code`. */
export const DETAIL_CODES = {
  required: 'A field that must be there is missing.',
  invalid_type: 'The value is of another type than expected.',
  invalid_value: 'The value is not one of those allowed.',
  invalid_format: 'The text does not have the form expected.',
  out_of_range: 'The number is too small or too large.',
  too_short: 'The text or list has too few characters or items.',
  too_long: 'The text or list has too many characters or items.',
  unknown_field: 'There is no such field here.',
  conflict: 'Two fields cannot stand together as they do.',
  unknown_action: 'There is no action of that name.',
  empty_action: 'The object names no action.',
  several_actions: 'One object holds more than one action.',
  mixed_shapes: 'One object is written in both shapes at once.',
  invalid_json: 'The text is not JSON.',
  payload_too_large: 'The document is larger than 1 MiB.',
} as const;

export type DetailCode = keyof typeof DETAIL_CODES;

/** Something that is wrong with a document or a request, at one place in it. */
export interface Detail {
  /** JSON pointer (RFC 6901) to the place; empty for the whole document. */
  pointer: string;
  code: DetailCode;
  /** A sentence a person can act on. */
  message: string;
  expected?: string;
  found?: string;
}
